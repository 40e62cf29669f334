"""Public pages: what is in the programme's data, with no login and nobody singled out."""
