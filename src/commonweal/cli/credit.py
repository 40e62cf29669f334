"""``commonweal credit``: of how many eligible participants each site has sent records."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from commonweal.cli.output import OUT, JsonOption, print_json
from commonweal.engine.settings import read_settings
from commonweal.intake.matching.credit import Rate, SiteCredit, measure_credit
from commonweal.pipeline.feeds import find_latest_folder, read_feeds

FeedsOption = Annotated[
    Path | None,
    typer.Option(help="Folder of a snapshot of feeds; the newest one when left out."),
]


def credit(*, feeds: FeedsOption = None, json: JsonOption = False) -> None:
    """Show of how many eligible participants each site has sent health records.

    Counted is the latest accepted production submission of each site; one that was declared
    synthetic counts only where the whole programme is.

    Example: commonweal credit --json
    """
    settings = read_settings()
    synthetic = settings.programme.synthetic
    folder = feeds or find_latest_folder(settings.home)
    snapshot = read_feeds(folder, synthetic=synthetic)
    found = measure_credit(settings.home, snapshot.files, synthetic=synthetic)
    if json:
        print_json([one.to_json() for one in found])
    elif found:
        OUT.print(_credit_table(found), soft_wrap=False)
    else:
        OUT.print("No site has eligible participants or an accepted submission yet.")


def _credit_table(found: tuple[SiteCredit, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("Site")
    for heading in ("With records", "Rate A", "In person", "Rate B"):
        table.add_column(heading, justify="right")
    for one in found:
        cells = [cell for rate in (one.dtr_a, one.dtr_b) for cell in _rate_cells(rate)]
        table.add_row(one.site, *cells)
    return table


def _rate_cells(rate: Rate) -> tuple[str, str]:
    counts = f"{rate.numerator:,} of {rate.denominator:,}"
    if rate.value is None or rate.band is None:
        return counts, "–"
    return counts, f"{float(rate.value):.1%} ({rate.band.value.replace('_', ' ')})"


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(credit)
