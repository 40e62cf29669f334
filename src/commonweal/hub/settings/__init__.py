"""Django's settings, one module per kind of process."""
