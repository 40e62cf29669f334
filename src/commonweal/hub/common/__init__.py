"""What the pages of every audience share: frame, charts, error pages."""
