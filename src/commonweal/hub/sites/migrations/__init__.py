"""How the database of this app came to be."""
