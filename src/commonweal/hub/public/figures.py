"""Age-by-sex figures: the chart, the table that says the same, and the file to download."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from commonweal.disclosure.counts import PUBLIC, PublishedCount, publish_count
from commonweal.hub.common.charts import GroupedChart, Mark, build_grouped_chart, find_axis
from commonweal.publish.analyses import UNKNOWN_BAND, Cell
from commonweal.publish.model import AgeSexTable

Found = Mapping[Cell, PublishedCount | None]
NOBODY = publish_count(0)


@dataclass(frozen=True)
class Figure:
    """A chart with its words and its table; one row and no chart when no cell may be shown."""

    caption: str
    chart: GroupedChart | None
    group_title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    note: str


def format_count(count: PublishedCount | None) -> str:
    """A count in words and digits; None is a count that is held back."""
    return count.label if count is not None else _("not shown")


def name_sex(key: str) -> str:
    """A sex at birth, in the reader's language."""
    names = {
        "Female": pgettext("sex", "Female"),
        "Male": pgettext("sex", "Male"),
        "Other": pgettext("sex", "Other or not given"),
    }
    return names.get(key, key)


def name_band(key: str) -> str:
    """An age band, short enough to stand under a bar."""
    return _("Unknown") if key == UNKNOWN_BAND else key.replace("-", "–")


def build_age_by_sex(table: AgeSexTable, *, caption: str) -> Figure:
    """Lay out counts of people by age band and sex; rows and columns of nobody are left out."""
    if not table.is_shown:
        return _build_hidden(table, caption)
    found = {(b, s): table.cells.get((b, s), NOBODY) for b in table.bands for s in table.sexes}
    bands = [
        b
        for b in table.bands
        if b != UNKNOWN_BAND or any(_is_somebody(found[b, s]) for s in table.sexes)
    ]
    sexes = [s for s in table.sexes if any(_is_somebody(found[b, s]) for b in bands)]
    return Figure(
        caption=caption,
        chart=_build_chart(found, bands, sexes, caption),
        group_title=_("Age"),
        columns=tuple(name_sex(s) for s in sexes),
        rows=tuple((name_band(b), tuple(format_count(found[b, s]) for s in sexes)) for b in bands),
        note=_("“≤ 20” means at least one and at most 20 people. Larger counts are rounded up."),
    )


def _build_hidden(table: AgeSexTable, caption: str) -> Figure:
    """A table of which nothing is shown: one row that says so, and no chart."""
    return Figure(
        caption=caption,
        chart=None,
        group_title=_("Age"),
        columns=tuple(name_sex(sex) for sex in table.sexes),
        rows=((_("All ages"), tuple(format_count(None) for _sex in table.sexes)),),
        note="",
    )


def _is_somebody(count: PublishedCount | None) -> bool:
    return count is None or count.value > 0


def _build_chart(
    found: Found, bands: Sequence[str], sexes: Sequence[str], caption: str
) -> GroupedChart:
    highest = max(count.value for count in found.values() if count is not None)
    return build_grouped_chart(
        title=caption,
        description=describe(found),
        groups=[name_band(b) for b in bands],
        series=[(name_sex(s), [_mark(b, s, found[b, s]) for b in bands]) for s in sexes],
        axis_labels=[(value, f"{value:,}") for value in find_axis(highest, unit=PUBLIC.base)],
    )


def _mark(band: str, sex: str, count: PublishedCount | None) -> Mark:
    label = f"{name_sex(sex)}, {name_band(band)}: {format_count(count)}"
    small = count is not None and count.value > 0 and count.low == 1
    return Mark(count.value if count else 0, label, hidden=count is None, small=small)


def describe(found: Found) -> str:
    """The chart in one sentence, for those who do not see it."""
    shown = {key: count for key, count in found.items() if count is not None and count.value}
    if not shown:
        return _("No count may be shown.")
    (band, sex), count = max(shown.items(), key=lambda item: item[1].value)
    return _("The largest group is %(sex)s, %(band)s, with %(count)s participants.") % {
        "sex": name_sex(sex),
        "band": name_band(band),
        "count": format_count(count),
    }


def write_csv(figure: Figure) -> str:
    """The table of a figure as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow([figure.group_title, *figure.columns])
    for name, cells in figure.rows:
        writer.writerow([name, *cells])
    return stream.getvalue()
