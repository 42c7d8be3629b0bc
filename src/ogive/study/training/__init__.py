"""Training: runs of one architecture together, as one network."""
