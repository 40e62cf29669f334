"""The demonstration programme: GiBleed as one site, made-up hospitals, and their feeds."""
