"""Functions of rows with their gradients, as kernels of the CPU engine.

Softmax, log-softmax, logsumexp and L2 normalisation. A row is walked through two or three times
while it lies in the cache: for its largest element, for a sum, for the result.
"""
