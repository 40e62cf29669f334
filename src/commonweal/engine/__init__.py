"""Where relational work runs, and where files are kept.

``protocol`` says what an engine must do; ``duckdb_engine`` does it in this process.
``storage`` names places by URL; ``settings`` is the one typed settings object.
"""
