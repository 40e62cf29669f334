"""Commonweal: a self-hosted hub for a national cohort research programme."""

from typing import Final

__version__: Final = "0.1.0"
