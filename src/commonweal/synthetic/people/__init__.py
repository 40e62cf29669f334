"""Made-up people: who they are, what they suffer from, when they joined and left."""
