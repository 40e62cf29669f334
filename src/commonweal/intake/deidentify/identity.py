"""Codes that name somebody: values of source columns that hold more than a code.

Source values are what a trial looks at, so they stay; but sites keep other things in these
columns as well: numbers of encounters, names of those who order, dates. A value is emptied when

- it looks like a date, an e-mail address, a telephone number or a social security number,
- it is a key of its own row,
- it holds a number of the row's own person, or a name or address of theirs and is not a word
  that many have (a patient called White is not told from others by their race),
- it is the number, e-mail address or whole name of anybody at the site.

A column with hardly any value twice is emptied whole: it numbers its rows.
"""

from collections.abc import Collection, Iterator

from commonweal.engine.protocol import Engine
from commonweal.engine.sql import quoted, quoted_text

NAMING = "naming"
"""The relation of values that are emptied: ``person`` and ``value``."""
_PAIRS, _TOKENS = "naming_pairs", "naming_tokens"

_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
PATTERNS = (
    r"\b\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b",
    r"\b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b",
    r"\b(19\d{2}|20[0-2]\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])\b",
    rf"(?i)\b\d{{1,2}}[- ]?({_MONTHS})[a-z]*[- ,]*\d{{2,4}}\b",
    rf"(?i)\b({_MONTHS})[a-z]* \d{{1,2}},? \d{{4}}\b",
    r"\S@\S+\.\S",
    r"\(\d{3}\) ?\d{3}[-. ]?\d{4}",
    r"\b\d{3}[-. ]\d{3}[-. ]\d{4}\b",
    r"\b\d{3}-\d{2}-\d{4}\b",
)
FEWEST_ROWS = 200
"""Of fewer rows than this it cannot be said whether a column numbers them."""
NUMBERS_ITS_ROWS = 0.95
"""Share of different values from which on a column is taken to number its rows."""
SHORTEST_NAME = 2
MANY = 10
"""People from which on a value is a word of the site's and not somebody's name."""
FEWEST_DIGITS = 7
"""Shorter runs of digits are found in codes as well."""

PERSONAL: tuple[tuple[str, str, str], ...] = (
    ("pii_name", "first_name", "name"),
    ("pii_name", "middle_name", "name"),
    ("pii_name", "last_name", "name"),
    ("pii_email", "email", "number"),
    ("pii_phone_number", "phone_number", "number"),
    ("pii_mrn", "MRN", "number"),
    ("person", "person_source_value", "number"),
    ("person", "person_id", "number"),
)
"""Table, column and whether a value of it names a person alone (a number) or not (a name)."""
ADDRESS = ("address_1", "address_2", "city", "zip")
OF_STAFF = ("provider_name", "npi", "dea", "provider_source_value")


def list_needed_tables() -> tuple[str, ...]:
    """The tables that tell who is who."""
    return (
        *dict.fromkeys(table for table, _, _ in PERSONAL),
        "pii_address",
        "location",
        "provider",
    )


class Identities:
    """Gathers the values that name somebody, table by table."""

    def __init__(self, engine: Engine, sources: Collection[str]) -> None:
        """``sources`` are the tables there are, as views ``source_<table>`` of text."""
        self._engine = engine
        tokens = list(_list_tokens(sources)) or ["SELECT NULL, NULL, NULL WHERE false"]
        engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {_TOKENS} AS SELECT DISTINCT person, kind, "
            f"{_plain('value')} AS token FROM ({' UNION ALL '.join(tokens)}) "
            f"t(person, kind, value) WHERE length({_plain('value')}) >= {SHORTEST_NAME}"
        )
        engine.execute(f"CREATE OR REPLACE TEMP TABLE {NAMING} (person BIGINT, value VARCHAR)")

    def numbers_its_rows(self, view: str, column: str) -> bool:
        """Whether nearly every value of a column is another."""
        name = quoted(column)
        ((rows, different),) = self._engine.rows(
            f"SELECT count({name}), count(DISTINCT {name}) FROM {quoted(view)}"
        )
        return bool(rows >= FEWEST_ROWS and different > NUMBERS_ITS_ROWS * rows)

    def search(self, view: str, column: str, *, person: str, keys: Collection[str]) -> None:
        """Add the values of a column that name somebody; ``person`` is an SQL expression."""
        value = quoted(column)
        is_key = " OR ".join(f"{value} = {quoted(key)}" for key in keys) or "false"
        self._engine.execute(
            f"CREATE OR REPLACE TEMP TABLE {_PAIRS} AS SELECT person, value, "
            f"bool_or(is_key) AS is_key, {_plain('value')} AS plain, {_digits('value')} AS digits, "
            "count(*) OVER (PARTITION BY value) AS people "
            f"FROM (SELECT {person} AS person, {value} AS value, coalesce({is_key}, false) "
            f"AS is_key FROM {quoted(view)} WHERE {value} IS NOT NULL) GROUP BY person, value"
        )
        looks = " OR ".join(f"regexp_matches(value, {quoted_text(p)})" for p in PATTERNS)
        self._engine.execute(
            f"INSERT INTO {NAMING} SELECT person, value FROM ("
            f"SELECT person, value FROM {_PAIRS} WHERE is_key OR {looks} "
            f"UNION {_HOLDING_OWN} UNION SELECT p.person, p.value FROM {_PAIRS} p "
            f"SEMI JOIN (SELECT token FROM {_TOKENS} WHERE kind = 'number') t "
            f"ON p.plain = t.token) EXCEPT SELECT person, value FROM {NAMING}"
        )


def _list_tokens(sources: Collection[str]) -> Iterator[str]:
    for table, column, kind in PERSONAL:
        if table in sources:
            yield f"SELECT {_PERSON}, '{kind}', {quoted(column)} FROM {quoted('source_' + table)}"
    if "pii_name" in sources:
        for first, last in (("first_name", "last_name"), ("last_name", "first_name")):
            yield f"SELECT {_PERSON}, 'number', {first} || ' ' || {last} FROM source_pii_name"
    for table in ("pii_address", "person"):
        if {table, "location"} <= set(sources):
            for column in ADDRESS:
                yield (
                    f"SELECT {_PERSON}, 'name', l.{column} FROM {quoted('source_' + table)} p "
                    "JOIN source_location l ON TRY_CAST(p.location_id AS BIGINT) = "
                    "TRY_CAST(l.location_id AS BIGINT)"
                )
    if "provider" in sources:
        for column in OF_STAFF:
            yield f"SELECT CAST(NULL AS BIGINT), 'number', {column} FROM source_provider"


_PERSON = "TRY_CAST(person_id AS BIGINT)"


def _plain(value: str) -> str:
    """Letters without accents and digits, in lower case, one space for all between them."""
    plain = f"strip_accents(lower({value}))"
    return f"trim(regexp_replace({plain}, '[^\\p{{L}}\\p{{N}}]+', ' ', 'g'))"


def _digits(value: str) -> str:
    return f"regexp_replace({value}, '[^0-9]+', '', 'g')"


_HOLDING_OWN = (
    f"SELECT p.person, p.value FROM {_PAIRS} p JOIN {_TOKENS} t ON p.person = t.person "
    f"WHERE (t.kind = 'number' OR p.people < {MANY}) "
    "AND (contains(' ' || p.plain || ' ', ' ' || t.token || ' ') "
    f"OR (length({_digits('t.token')}) >= {FEWEST_DIGITS} "
    f"AND contains(p.digits, {_digits('t.token')})))"
)
"""Values that hold a name, address or number of the row's own person."""
