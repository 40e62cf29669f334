"""``commonweal submissions clear``: empty the drop areas of what has landed."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from commonweal.cli.output import OUT, JsonOption, confirm, name_actor, print_json
from commonweal.cli.summary import new_table
from commonweal.engine.settings import Settings, read_settings
from commonweal.engine.storage import Location
from commonweal.intake.drop_area import in_words
from commonweal.intake.lifecycle.acts import make_ledger
from commonweal.intake.lifecycle.clear import Clearing, clear_received
from commonweal.intake.lifecycle.reception import locate_drop
from commonweal.intake.sites import Site, get_site, list_sites


def clear(
    *,
    site: Annotated[str, typer.Option(help="Only this site; all when left out.")] = "",
    days: Annotated[
        int | None,
        typer.Option(
            min=0, help="Landed at least so many days ago; `drop.clear_days` when left out."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and remove nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    by: Annotated[
        str | None, typer.Option("--by", help="In whose name; the account on this machine if not.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Clear the drop areas on this machine of what landed long enough ago.

    A file goes when it was there as its folder was taken and the copy stands whole in the
    landing area. What came later or was never looked into stays and is named, as do folders
    that never landed. The history of each folder names the files. A bucket is left to its own
    rules of expiry.

    Example: commonweal submissions clear --dry-run

    Example: commonweal submissions clear --site general_hospital --days 60 --yes
    """
    settings = read_settings()
    sites = [get_site(settings.home, site)] if site else list_sites(settings.home)
    now = datetime.now(tz=UTC)
    before = now - timedelta(days=settings.drop.clear_days if days is None else days)
    found = _clear_all(settings, sites, before, name_actor(by), dry_run=True)
    if found and not dry_run:
        if not yes:
            _confirm(found)
        found = _clear_all(settings, sites, before, name_actor(by), dry_run=False)
    if json:
        print_json([clearing.to_json() for clearing in found])
    else:
        _print(found, dry_run=dry_run)


def _clear_all(
    settings: Settings, sites: Sequence[Site], before: datetime, by: str, *, dry_run: bool
) -> list[Clearing]:
    found: list[Clearing] = []
    for site in sites:
        drop = Location.of(locate_drop(settings.home, site), settings.storage)
        ledger = make_ledger(settings.home, site.name, datetime.now(tz=UTC), by)
        if drop.is_local:
            found += clear_received(ledger, drop, before=before, dry_run=dry_run)
    return found


def _confirm(found: Sequence[Clearing]) -> None:
    size = in_words(sum(clearing.bytes for clearing in found))
    confirm(
        f"Remove {size} in {len(found)} folders from the drop areas?",
        reason="What is removed cannot be brought back from there",
        fix="Look at it with --dry-run first, then add --yes.",
    )


def _print(found: Sequence[Clearing], *, dry_run: bool) -> None:
    if not found:
        OUT.print("There is nothing to clear.")
        return
    table = new_table("Would go" if dry_run else "Gone", "Folder", "Files", "Size", "Stays")
    for one in found:
        name, files = f"{one.site}/{one.folder}", f"{len(one.names):,}"
        table.add_row(name, files, in_words(one.bytes), ", ".join(one.kept))
    OUT.print(table, soft_wrap=False)
