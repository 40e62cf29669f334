"""``commonweal receive``: take in what the sites have put into their drop areas."""

import threading
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from commonweal.cli.check import FileBars
from commonweal.cli.output import ERR, OUT, JsonOption, print_json, print_json_line
from commonweal.engine.settings import Settings, read_settings
from commonweal.intake.lifecycle.history import DAMAGED
from commonweal.intake.lifecycle.receive import Outcome, receive_sites
from commonweal.intake.sites import Site, get_site, list_sites
from commonweal.pipeline.receiving import build_receiver
from commonweal.schema.errors import CommonwealError, ExitCode

TROUBLE = ("unreachable", "failed", "busy", DAMAGED)
"""Outcomes that are nobody's verdict: the work could not be done."""


def receive(
    *,
    site: Annotated[str, typer.Option(help="Only this site; all when left out.")] = "",
    watch: Annotated[
        float | None,
        typer.Option(min=1, help="Go on until stopped, and look again after so many seconds."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Look into the drop areas of the sites, and take in what is ready.

    A folder is called YYYY-MM-DD-vN. With a declaration, _SUBMISSION.json, it is taken at
    once and its checksums are verified; without one it is waited for and then held. Of
    production what becomes ready last counts, and at the same time the later name; folders
    for other purposes are all taken. A drop area that cannot be reached costs nobody else
    anything: what was current stays current.

    With --watch only what is new is printed, with --json as one value to a line. The exit
    code is 2 when something could not be done; a rejected submission is no fault here.

    Example: commonweal receive

    Example: commonweal receive --site general_hospital --watch 300
    """
    settings = read_settings()
    if watch is None:
        outcomes = run_round(settings, _choose(settings, site))
        if json:
            print_json([outcome.to_json() for outcome in outcomes])
        elif outcomes:
            print_outcomes(outcomes)
        else:
            OUT.print("There is nothing new in the drop areas.")
        if any(outcome.state in TROUBLE for outcome in outcomes):
            raise typer.Exit(ExitCode.COULD_NOT_RUN)
        return
    if not json:
        ERR.print(f"Watching the drop areas, every {watch:g} seconds. Stop with Ctrl-C.")
    _watch(settings, site, watch, json=json)


def _watch(settings: Settings, site: str, seconds: float, *, json: bool) -> None:
    pause = threading.Event()
    told: set[Outcome] = set()
    while True:
        outcomes = run_round(settings, _choose(settings, site))
        new = [outcome for outcome in outcomes if outcome not in told]
        told = {o for o in outcomes if not o.folder or o.state == DAMAGED}
        for outcome in new:
            if json:
                print_json_line(outcome.to_json())
        if new and not json:
            print_outcomes(new)
        pause.wait(seconds)


def run_round(settings: Settings, sites: Sequence[Site]) -> list[Outcome]:
    """Look into the drop areas once, with a bar for each file."""
    with FileBars() as bars:
        receiver = build_receiver(settings, progress=bars.advance)
        return receive_sites(receiver, sites)


def _choose(settings: Settings, name: str) -> list[Site]:
    if name:
        return [get_site(settings.home, name)]
    sites = list_sites(settings.home)
    if not sites:
        raise build_no_site_error()
    return sites


def build_no_site_error() -> CommonwealError:
    """What is said where nothing can be done without a site."""
    return CommonwealError(
        "No site is registered.",
        fix="Register one: commonweal sites register NAME --title 'Its name'",
    )


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Show what came of each folder."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Site", "Folder", "State", "What"):
        table.add_column(heading, overflow="fold")
    for outcome in outcomes:
        what = "; ".join(filter(None, [outcome.submission, outcome.said]))
        table.add_row(outcome.site, Text(outcome.folder), outcome.state, Text(what))
    OUT.print(table, soft_wrap=False)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(receive)
