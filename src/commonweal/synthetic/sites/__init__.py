"""Made-up hospitals: who they are, how they code, and the files they send."""
