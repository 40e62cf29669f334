"""The views, one module for each audience."""
