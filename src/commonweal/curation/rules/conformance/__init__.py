"""Rows that are what they claim to be: types, required values, keys, references."""
