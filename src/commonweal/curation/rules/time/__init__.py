"""Dates that can be true."""
