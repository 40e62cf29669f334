"""The board as one HTML page that needs nothing else."""

from collections.abc import Sequence
from datetime import date
from html import escape
from importlib.resources import files
from string import Template

from commonweal.intake.sprint.board import BoardRow

TICKS = ("received", "parsed", "loaded", "mapped")
_HEADINGS = ("Site", "Table", "Due", *(tick.capitalize() for tick in TICKS), "What is missing")


def render_board(rows: Sequence[BoardRow], *, today: date) -> str:
    """The page of the board on a day."""
    template = files("commonweal.intake") / "data" / "sprint_board.html"
    done = sum(row.mapped for row in rows)
    return Template(template.read_text(encoding="utf-8")).substitute(
        about=f"{today.isoformat()} · {done:,} of {len(rows):,} tables mapped",
        table=_table(rows) if rows else "<p>No site is registered yet.</p>",
    )


def _table(rows: Sequence[BoardRow]) -> str:
    head = "".join(f'<th scope="col">{heading}</th>' for heading in _HEADINGS)
    body = "\n".join(map(_row, rows))
    return (
        "<table><caption>One row for each site and table</caption>"
        f"<thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
    )


def _row(row: BoardRow) -> str:
    due = f"week {row.week}" + (f", {row.due.isoformat()}" if row.due else "")
    late = ' <span class="late">late</span>' if row.is_late else ""
    ticks = "".join(_tick(has=getattr(row, tick)) for tick in TICKS)
    return (
        f'<tr><th scope="row">{escape(row.site)}</th><td>{escape(row.table)}</td>'
        f"<td>{due}{late}</td>{ticks}<td>{escape(row.why)}</td></tr>"
    )


def _tick(*, has: bool) -> str:
    return '<td class="yes">yes</td>' if has else '<td class="no">no</td>'
