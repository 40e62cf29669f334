"""Rows that may be used, because the participant said so."""
