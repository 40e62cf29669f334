"""The demonstration programme: GiBleed as one site, a small synthetic second site, and feeds."""
