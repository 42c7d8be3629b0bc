"""What a layer does to a signal: moments under a normal distribution, and what follows from them.

Integrals proved by complex balls (moments), gains and criticality (gains), and the mean-field
theory of deep networks in floats (theory, phase, chaos).
"""
