"""What paired scores say: intervals, p-values and verdicts from the same sign flips; no torch."""
