"""Commonweal: a self-hosted hub for a national cohort research programme."""

__version__ = "0.1.0"
