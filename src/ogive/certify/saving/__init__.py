"""What backward may keep in the place of the input, derived from the formula.

A mode is two programs: the forward one gives the result and a small code beside it, the backward
one turns a gradient, and what was kept, into the gradient of the input. They run on every engine.
"""
