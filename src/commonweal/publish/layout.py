"""The tables of a publishing store, and how a count of people stands in them."""

FORMAT = 1
"""Changes when a reader of an older layout could misread the file."""

APPLICATION_ID = 0x434D_5750
"""``CMWP`` in the file's header: says that a file is a publishing store."""

_PEOPLE = "value INTEGER CHECK (value >= 0 AND value % 20 = 0), label TEXT NOT NULL"
"""Column ``value`` is empty where the count is not shown, which ``label`` then says."""

SCHEMA = f"""
CREATE TABLE release (
  id TEXT NOT NULL, tier TEXT NOT NULL, title TEXT NOT NULL,
  synthetic INTEGER NOT NULL CHECK (synthetic IN (0, 1)), cutoff TEXT NOT NULL,
  content_hash TEXT NOT NULL, programme TEXT NOT NULL
) STRICT;
CREATE TABLE written (
  concepts INTEGER NOT NULL, cells INTEGER NOT NULL, small_cells INTEGER NOT NULL,
  suppressed_cells INTEGER NOT NULL
) STRICT;
CREATE TABLE analysis (
  id TEXT PRIMARY KEY, title TEXT NOT NULL, strata TEXT NOT NULL, domain TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE figure (id TEXT PRIMARY KEY, {_PEOPLE}) STRICT, WITHOUT ROWID;
CREATE TABLE participants_age_sex (
  age_band TEXT NOT NULL, sex TEXT NOT NULL, {_PEOPLE}, PRIMARY KEY (age_band, sex)
) STRICT, WITHOUT ROWID;
CREATE TABLE domain (
  id TEXT PRIMARY KEY, position INTEGER NOT NULL, title TEXT NOT NULL,
  concepts INTEGER NOT NULL, {_PEOPLE}
) STRICT, WITHOUT ROWID;
CREATE TABLE concept (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, code TEXT NOT NULL, vocabulary TEXT NOT NULL,
  domain TEXT NOT NULL REFERENCES domain, rank INTEGER NOT NULL,
  table_shown INTEGER NOT NULL CHECK (table_shown IN (0, 1)), {_PEOPLE}
) STRICT;
CREATE TABLE concept_synonym (
  concept_id INTEGER NOT NULL REFERENCES concept, name TEXT NOT NULL,
  PRIMARY KEY (concept_id, name)
) STRICT, WITHOUT ROWID;
-- Of tables that are shown; a cell that has no row is a count of nobody.
CREATE TABLE concept_age_sex (
  concept_id INTEGER NOT NULL REFERENCES concept, age_band TEXT NOT NULL, sex TEXT NOT NULL,
  {_PEOPLE}, PRIMARY KEY (concept_id, age_band, sex)
) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE concept_search USING fts5 (
  name, code, vocabulary, synonyms,
  content = '', tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3'
);
"""

INDEXES = """
CREATE UNIQUE INDEX concept_by_rank ON concept (rank);
CREATE INDEX concept_by_domain ON concept (domain, rank);
CREATE INDEX concept_by_code ON concept (code COLLATE NOCASE);
"""
