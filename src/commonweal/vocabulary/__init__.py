"""Concepts: finding them, and sets of them with their descendants."""
