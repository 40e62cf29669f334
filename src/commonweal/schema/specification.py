"""The submission specification and the description of the feeds, as Markdown pages.

Pages hold nothing that is not declared: change a CSV file in ``data`` and write them anew.
"""

from collections.abc import Iterable, Mapping, Sequence

from commonweal.schema.ddl import build_ddl
from commonweal.schema.model import DataType, Field, Model, Submission, Table, get_model

SUBMISSION_WORDS: Mapping[Submission, str] = {
    Submission.REQUIRED: "Required in a complete submission",
    Submission.PII: "Identifying details and matching",
    Submission.OPTIONAL: "Optional",
    Submission.NEVER: "Not submitted",
}
TYPE_WORDS: Mapping[DataType, str] = {
    DataType.INTEGER: "whole number, no decimals, no scientific notation",
    DataType.FLOAT: "number with a decimal point",
    DataType.STRING: "text",
    DataType.DATE: "`YYYY-MM-DD`",
    DataType.TIMESTAMP: "`YYYY-MM-DD HH:MM:SS`, with `T` or a space, optionally with a UTC offset",
}


def build_submission_pages() -> dict[str, str]:
    """Pages of the submission specification: file name to Markdown, ``index.md`` first."""
    model = get_model("programme")
    pages = {"index.md": _submission_index(model)}
    for table in sorted(model.tables.values(), key=lambda t: t.name):
        pages[f"{table.name}.md"] = _table_page(table)
    return pages


def build_feeds_page() -> str:
    """One page with the tables of every feed."""
    model = get_model("feeds")
    parts = [
        f"# {model.title}",
        (
            "What the programme knows about its participants reaches the pipeline as a dated "
            "snapshot: a folder with one Parquet file for each feed and a `manifest.json`. Every "
            "column below must be there with its type, and no other."
        ),
    ]
    for table in model.tables.values():
        parts += [f"## {table.title} (`{table.name}`)", table.description, _field_table(table)]
    return _page(parts)


def build_ddl_page() -> str:
    """One page with the CREATE TABLE of every table a release may hold."""
    model = get_model("release")
    parts = [
        f"# Tables of a release as SQL: {model.title}",
        (
            "To put a release into a database of your own, make its tables with these statements "
            "and copy the Parquet files into them. The dialect is DuckDB's; the types are common "
            "to most databases."
        ),
    ]
    statements = (build_ddl(table, constraints=True) for table in model.tables.values())
    parts += [f"```sql\n{statement};\n```" for statement in statements]
    return _page(parts)


def _submission_index(model: Model) -> str:
    parts = [
        "# Submission specification",
        (
            f"{model.title}. A submission is a folder of CSV files, one for each table, named "
            "`<table>.csv`. The header line holds every column of the table; a table with no rows "
            "is sent as its header alone. Check a folder with `commonweal check FOLDER`."
        ),
        "## Types",
        _rows(("type", "how it is written"), [(t.value, TYPE_WORDS[t]) for t in DataType]),
        (
            "An empty field means that the value is not known. Text is UTF-8; a field that holds a "
            "comma, a quotation mark or a line break stands in double quotes, and a quotation mark "
            "inside it is doubled."
        ),
    ]
    for kind in (Submission.REQUIRED, Submission.PII, Submission.OPTIONAL):
        tables = sorted(model.with_submission(kind), key=lambda t: t.name)
        parts += [
            f"## {SUBMISSION_WORDS[kind]} ({len(tables)} files)",
            _rows(("file", "columns", "what it holds"), map(_index_row, tables)),
        ]
    return _page(parts)


def _index_row(table: Table) -> tuple[str, str, str]:
    return f"[{table.name}.csv]({table.name}.md)", str(len(table.fields)), table.description


def _table_page(table: Table) -> str:
    facts = [
        ("file", f"`{table.name}.csv`"),
        ("submission", SUBMISSION_WORDS[table.submission]),
        ("columns", str(len(table.fields))),
        ("key", f"`{table.primary_key.name}`" if table.primary_key else "none"),
    ]
    return _page(
        [
            f"# {table.title}",
            table.description,
            _rows(("", ""), facts),
            "## Columns, in their order",
            _field_table(table),
            "## Header",
            f"```\n{','.join(table.columns)}\n```",
        ]
    )


def _field_table(table: Table) -> str:
    head = ("column", "type", "required", "refers to", "what it holds")
    return _rows(head, map(_field_row, table.fields))


def _field_row(field: Field) -> tuple[str, ...]:
    length = f"({field.length})" if field.length else ""
    refers = f"`{field.references.table}.{field.references.field}`" if field.references else ""
    domain = f" ({field.domain})" if field.domain else ""
    return (
        f"`{field.name}`" + (" (key)" if field.primary_key else ""),
        f"{field.type}{length}",
        "yes" if field.required else "",
        refers + domain,
        field.description,
    )


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_line(head), _line(["---"] * len(head)), *map(_line, rows)]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _page(parts: Iterable[str]) -> str:
    return "\n\n".join(parts) + "\n"
