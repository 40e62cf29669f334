"""Which addresses each kind of process answers."""
