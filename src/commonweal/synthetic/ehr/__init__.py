"""Made-up health records: what hospitals recorded about people, one module for each kind."""
