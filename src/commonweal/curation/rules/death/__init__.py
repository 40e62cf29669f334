"""Rows that agree with a death."""
