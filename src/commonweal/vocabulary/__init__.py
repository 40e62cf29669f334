"""Concepts: loading vocabularies, finding concepts, browsing trees, sets with descendants."""
