"""What the public may read: aggregates of a sealed release, in one read-only file."""
