"""Prints what a build did: what left and why, what was made, where to look."""

from typing import Any, Literal

from rich.table import Table

from commonweal.cli.output import OUT

NAMES = frozenset({"Column", "Due", "Rule", "Submission", "Release"})
NUMBERS = frozenset(
    {
        "Below",
        "Bytes",
        "Codes",
        "Columns",
        "Concepts",
        "Errors",
        "Mappable",
        "No person",
        "Not drawn",
        "Over 80",
        "Persons",
        "Read",
        "Rows",
        "Standard",
        "Tables",
        "Unused",
        "Vocabulary rows",
        "Warnings",
        "Without a code",
        "Written",
    }
)


def print_curation(summary: dict[str, Any]) -> None:
    """Rows in, the rules that dropped rows, rows out: the sum is there to be checked."""
    for left in summary["left_out"]:
        kinds = ("synthetic", "real") if left["synthetic"] else ("not synthetic", "synthetic")
        OUT.print(
            f"{left['site']} is left out: its current submission {left['submission']} is "
            f"{kinds[0]}, and this programme curates {kinds[1]} data."
        )
    table = new_table("Rows left out by rule", "Rule", "Why", "Rows")
    _add_dropped(table, summary["dropped"])
    OUT.print(table, soft_wrap=False)
    sums = new_table("Rows in and out", "What", "Rows")
    for what, sign, name in (
        ("Sent by the sites", "", "rows_sites"),
        ("From the programme's own side", "+", "rows_programme"),
        ("Left out by rule", "−", "rows_dropped"),
        ("Added by rule", "+", "rows_added"),
        ("In the combined dataset", "=", "rows_combined"),
    ):
        sums.add_row(what, f"{sign} {summary[name]:,}")
    OUT.print(sums, soft_wrap=False)
    OUT.print("Every row that a rule dropped or changed, and what it said before, is in")
    for folder in summary["evidence"]:
        OUT.print(f"  {folder}")
    OUT.print()


def print_build(summary: dict[str, Any]) -> None:
    """The curation, then each release, then what is public."""
    print_curation(summary)
    for release in summary["releases"]:
        title = f"Left out of {release['id']} ({release['tier']} tier)"
        table = new_table(title, "Rule", "Why", "Rows")
        _add_dropped(table, release["dropped"])
        OUT.print(table, soft_wrap=False)
    table = new_table(
        "Releases", "Release", "Tier", "Persons", "Rows", "Vocabulary rows", "Content hash"
    )
    for release in summary["releases"]:
        table.add_row(
            release["id"],
            release["tier"],
            f"{release['persons']:,}",
            f"{release['rows']:,}",
            f"{release['rows_vocabulary']:,}",
            release["content_hash"][:16],
        )
    OUT.print(table, soft_wrap=False)
    public = summary["published"]
    OUT.print(
        f"Published: {public['concepts']:,} concepts, {public['cells']:,} counts of people; "
        f"{public['small_cells']:,} shown as “≤ 20”, {public['suppressed_cells']:,} not shown.\n"
    )


def _add_dropped(table: Table, dropped: list[dict[str, Any]]) -> None:
    for entry in dropped:
        table.add_row(entry["rule"], entry["title"], f"{entry['rows']:,}")
    if not dropped:
        table.add_row("none", "No row was left out.", "0")


def new_table(title: str, *headings: str) -> Table:
    """An unframed table; headings of numbers stand to the right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in headings:
        numbers = heading in NUMBERS
        justify: Literal["right", "left"] = "right" if numbers else "left"
        table.add_column(heading, justify=justify, no_wrap=heading in NAMES)
    return table
