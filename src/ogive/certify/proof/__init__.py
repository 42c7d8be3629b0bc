"""What is proved about a function of one number: its shape, its smoothness, its saturation.

Ball arithmetic over boxes (enclosure, search), tail enclosures that hold on whole half-lines (tail,
tails), the pieces of a formula (partition) and what follows from it without arithmetic (algebra).
"""
