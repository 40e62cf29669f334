"""Months spelled out, as in the other languages."""

DATE_FORMAT = "F j, Y"
