"""A submission: its checks, the report back to the site, and the landing area."""
