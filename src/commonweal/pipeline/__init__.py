"""Wires the packages: submissions and feeds in, sealed releases and a publishing store out."""
