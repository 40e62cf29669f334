"""``commonweal receive``: take in what the sites have put into their drop areas."""

import threading
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from commonweal.cli.check import FileBars
from commonweal.cli.output import ERR, OUT, JsonOption, print_json, print_json_line
from commonweal.engine.settings import Settings, read_settings
from commonweal.intake.lifecycle.receive import Outcome, receive_sites
from commonweal.intake.lifecycle.reception import Receiver
from commonweal.intake.sites import Site, get_site, list_sites
from commonweal.pipeline.measuring import get_surroundings
from commonweal.schema.errors import CommonwealError, ExitCode

TROUBLE = ("unreachable", "failed", "busy")
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
    once and its checksums are verified; without one it is waited for and then held. Of each
    purpose the latest folder counts; every other one is told and listed. A drop area that
    cannot be reached costs nobody else anything: what was current stays current.

    With --watch only what is new is printed, with --json as one value to a line. The exit
    code is 2 when something could not be done; a rejected submission is no fault here.

    Example: commonweal receive

    Example: commonweal receive --site general_hospital --watch 300
    """
    settings = read_settings()
    if watch is None:
        outcomes = _round(settings, site)
        _print(outcomes, json=json)
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
        outcomes = _round(settings, site)
        new = [outcome for outcome in outcomes if outcome not in told]
        told = {outcome for outcome in outcomes if not outcome.folder}
        for outcome in new:
            if json:
                print_json_line(outcome.to_json())
        if new and not json:
            _print(new, json=False)
        pause.wait(seconds)


def _round(settings: Settings, site: str) -> list[Outcome]:
    with FileBars() as bars:
        receiver = Receiver(
            settings.home,
            settings.engine,
            settings.storage,
            around=lambda day: get_surroundings(settings, day=day),
            progress=bars.advance,
        )
        return receive_sites(receiver, _choose(settings, site))


def _choose(settings: Settings, name: str) -> list[Site]:
    if name:
        return [get_site(settings.home, name)]
    sites = list_sites(settings.home)
    if not sites:
        raise CommonwealError(
            "No site is registered.",
            fix="Register one: commonweal sites register NAME --title 'Its name'",
        )
    return sites


def _print(outcomes: list[Outcome], *, json: bool) -> None:
    if json:
        print_json([outcome.to_json() for outcome in outcomes])
        return
    if not outcomes:
        OUT.print("There is nothing new in the drop areas.")
        return
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
