"""A synthetic programme on disk: files of any size, written in one pass."""
