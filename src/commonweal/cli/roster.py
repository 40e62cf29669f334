"""``commonweal roster``: whose records a site may send, and what changed."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from commonweal.cli.output import OUT, JsonOption, name_actor, print_json
from commonweal.engine.settings import Settings, read_settings
from commonweal.intake.matching.roster import (
    Download,
    Roster,
    build_roster,
    download_roster,
    find_last_download,
    list_downloads,
)
from commonweal.intake.sites import get_site
from commonweal.pipeline.matching import Programme, read_programme

roster = typer.Typer(no_args_is_help=True, help="Download the roster of a site's participants.")

SiteOption = Annotated[str, typer.Option(help="The registered site whose roster it is.")]
FeedsOption = Annotated[
    Path | None,
    typer.Option(help="Folder of a snapshot of feeds; the newest one when left out."),
]


@roster.command()
def download(
    *,
    site: SiteOption,
    out: Annotated[Path, typer.Option(help="File to write, as CSV; it must not exist.")],
    by: Annotated[
        str | None, typer.Option(help="Who downloads it; the user of this machine when left out.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Count, and write and record nothing.")
    ] = False,
    feeds: FeedsOption = None,
    json: JsonOption = False,
) -> None:
    """Write the roster of a site, with what changed since its last download.

    The roster lists the participants of the site whose records it may send: paired to it, with
    a valid authorisation, not withdrawn. Those who are listed no more follow by their id alone,
    with the reason. The download is recorded. The file identifies people: keep it safe.

    Example: commonweal roster download --site general_hospital --out roster.csv
    """
    settings = read_settings()
    get_site(settings.home, site)
    programme = read_programme(settings, feeds)
    if dry_run:
        _print_roster(_build(settings, site, programme), programme, json=json)
        return
    made, record = download_roster(
        settings.home,
        site,
        programme.side,
        out,
        by=name_actor(by),
        now=datetime.now(tz=UTC),
        feeds_of=programme.as_of,
        feeds_digest=programme.snapshot.digest,
    )
    _print_roster(made, programme, json=json)
    if not json:
        OUT.print(f"Written to {out}; recorded as download {record.number}.")


@roster.command()
def changes(*, site: SiteOption, feeds: FeedsOption = None, json: JsonOption = False) -> None:
    """Count what changed since the last download of a site's roster; nothing is recorded.

    Example: commonweal roster changes --site general_hospital
    """
    settings = read_settings()
    get_site(settings.home, site)
    programme = read_programme(settings, feeds)
    _print_roster(_build(settings, site, programme), programme, json=json)


@roster.command()
def downloads(*, site: SiteOption, json: JsonOption = False) -> None:
    """List who downloaded the roster of a site, and when.

    Example: commonweal roster downloads --site general_hospital
    """
    home = read_settings().home
    get_site(home, site)
    found = list_downloads(home, site)
    if json:
        print_json([one.to_json() for one in found])
    elif found:
        OUT.print(_download_table(found), soft_wrap=False)
    else:
        OUT.print(f"Nobody has downloaded the roster of {site} yet.")


def _build(settings: Settings, site: str, programme: Programme) -> Roster:
    return build_roster(site, programme.side, find_last_download(settings.home, site))


def _print_roster(made: Roster, programme: Programme, *, json: bool) -> None:
    if json:
        print_json(made.to_json() | {"feeds_of": programme.as_of.isoformat()})
        return
    since = "the first download"
    if made.last is not None:
        since = f"since {made.last.at:%Y-%m-%d %H:%M} UTC, by {made.last.by}"
    OUT.print(
        f"{len(made.listed):,} participants of {made.site} as of {programme.as_of} ({since})."
    )
    for change, count in made.count_changes().items():
        OUT.print(f"  {change.replace('_', ' ')}: {count:,}")


def _download_table(found: list[Download]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Download", "When", "By", "Feeds of"):
        table.add_column(heading)
    table.add_column("Participants", justify="right")
    for one in found:
        when = f"{one.at:%Y-%m-%d %H:%M}"
        count = f"{len(one.participants):,}"
        table.add_row(str(one.number), when, one.by, one.feeds_of.isoformat(), count)
    return table


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.add_typer(roster, name="roster")
