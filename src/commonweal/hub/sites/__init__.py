"""Pages for sites: what they sent, what became of it."""
