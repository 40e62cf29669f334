"""Cohorts: what a definition says, the SQL it becomes, and what is counted with it.

``definition`` reads and hashes, ``compiler`` plans, ``count``, ``generate`` and ``explain``
use the one plan.
"""
