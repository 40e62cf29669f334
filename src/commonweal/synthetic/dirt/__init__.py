"""Faults planted on purpose: named recipes, and the truth of where each was planted."""
