"""``commonweal sites``: the organisations that send data, from the agreement to the last day."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from commonweal.cli.output import OUT, JsonOption, confirm, name_account, print_json
from commonweal.engine.settings import read_settings
from commonweal.intake.findings import show_name
from commonweal.intake.onboarding import (
    StepStatus,
    authorise,
    read_checklist,
    record_deprovisioned,
    record_drop_area,
    record_edited,
    record_isa_executed,
    record_reopened,
    record_step,
)
from commonweal.intake.sites import (
    BEFORE_PRODUCTION,
    Purpose,
    Site,
    get_site,
    list_sites,
    register_site,
)

sites = typer.Typer(
    no_args_is_help=True, help="Register the sites that send data, and record their steps."
)

NameArgument = Annotated[str, typer.Argument(help="The registered site.", show_default=False)]
DayOption = Annotated[
    datetime | None,
    typer.Option("--on", formats=["%Y-%m-%d"], help="Day it happened; today when left out."),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be recorded, or refused; record nothing.")
]


@sites.command("register")
def register_one(
    name: Annotated[str, typer.Argument(help="Short name, such as general_hospital.")],
    *,
    title: Annotated[str, typer.Option(help="Full name.")],
    awardee: Annotated[str, typer.Option(help="Whose award it belongs to.")] = "",
    organisation: Annotated[str, typer.Option(help="The organisation it is part of.")] = "",
    state: Annotated[str, typer.Option(help="Where it is, such as MA.")] = "",
    purpose: Annotated[
        list[Purpose] | None,
        typer.Option(
            help="What it may send at first; say it once for each. Test, sprint and alpha when "
            "left out; production comes with `sites authorise`."
        ),
    ] = None,
    drop_url: Annotated[
        str, typer.Option(help="Where it puts files, such as s3://bucket/prefix.")
    ] = "",
    dry_run: DryRunOption = False,
) -> None:
    """Add a site to the registry, for good.

    Example: commonweal sites register general_hospital --title "General Hospital"
    """
    site = Site(
        name,
        title,
        state,
        purposes=tuple(purpose or BEFORE_PRODUCTION),
        drop_url=drop_url,
        awardee=awardee,
        organisation=organisation,
    )
    with _open_registry(dry_run=dry_run) as (home, _):
        register_site(home, site)
        _tell(
            f"The site {name} is registered. Next: commonweal sites show {name}",
            f"The site {name} would be registered.",
            dry_run=dry_run,
        )


@sites.command("edit")
def edit_one(
    name: NameArgument,
    *,
    title: Annotated[str | None, typer.Option(help="Full name.")] = None,
    awardee: Annotated[str | None, typer.Option(help="Whose award it belongs to.")] = None,
    organisation: Annotated[
        str | None, typer.Option(help="The organisation it is part of.")
    ] = None,
    state: Annotated[str | None, typer.Option(help="Where it is, such as MA.")] = None,
    dry_run: DryRunOption = False,
) -> None:
    """Mend what is said of a site; what is left out stays, and what it was is kept.

    The short name never changes.

    Example: commonweal sites edit general_hospital --title "General Hospital of Boston"
    """
    asked = {"title": title, "awardee": awardee, "organisation": organisation, "state": state}
    said = {detail: words for detail, words in asked.items() if words is not None}
    with _open_registry(dry_run=dry_run) as (home, now):
        different = record_edited(home, name, said, by=_who(), now=now)
        what = ", ".join(different) or "nothing"
        _tell(
            f"Changed about {name}: {what}. See: commonweal sites list",
            f"Would be changed about {name}: {what}.",
            dry_run=dry_run,
        )


@sites.command("list")
def list_all(*, json: JsonOption = False) -> None:
    """List the registered sites.

    Example: commonweal sites list
    """
    found = list_sites(read_settings().home)
    if json:
        print_json([site.to_json() for site in found])
    elif found:
        OUT.print(_table(found), soft_wrap=False)
    else:
        OUT.print("No site is registered yet. Start with: commonweal sites register --help")


@sites.command("show")
def show_one(name: NameArgument, *, json: JsonOption = False) -> None:
    """Show a site with its checklist: what is done, and what has to come first.

    Example: commonweal sites show general_hospital
    """
    home = read_settings().home
    site, checklist = get_site(home, name), read_checklist(home, name)
    if json:
        print_json(site.to_json() | {"steps": [status.to_json() for status in checklist]})
        return
    OUT.print(show_name(site.title))
    OUT.print(_checklist(checklist), soft_wrap=False)
    OUT.print(f"May send: {_may_send(site)}")


@sites.command("isa")
def record_agreement(
    name: NameArgument, *, on: DayOption = None, dry_run: DryRunOption = False
) -> None:
    """Record that the information security agreement was executed.

    Example: commonweal sites isa general_hospital --on 2026-03-02
    """
    with _open_registry(dry_run=dry_run) as (home, now):
        site = record_isa_executed(home, name, on=_day(on), by=_who(), now=now)
        _tell(
            f"The agreement of {name} was executed on {site.isa_date}.",
            f"The agreement of {name} would be recorded as executed on {site.isa_date}.",
            dry_run=dry_run,
        )


@sites.command("step")
def record_one_step(
    name: NameArgument,
    step: Annotated[str, typer.Argument(help="Such as contacts, stewards, notice or sprint.")],
    *,
    on: DayOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Record a step of the onboarding that has no verb of its own.

    Example: commonweal sites step general_hospital contacts
    """
    with _open_registry(dry_run=dry_run) as (home, now):
        record_step(home, name, step, on=_day(on), by=_who(), now=now, by_hand=True)
        how = _say_how(home, name, step)
        _tell(
            f"Recorded{how}. See: commonweal sites show {name}",
            f"Would be recorded{how}.",
            dry_run=dry_run,
        )


@sites.command("drop")
def open_drop_area(
    name: NameArgument,
    url: Annotated[
        str, typer.Argument(help="Folder or URL, such as s3://bucket/prefix; ours when left out.")
    ] = "",
    *,
    dry_run: DryRunOption = False,
) -> None:
    """Record where a site puts its files.

    Example: commonweal sites drop general_hospital s3://general-hospital/ehr
    """
    with _open_registry(dry_run=dry_run) as (home, now):
        record_drop_area(home, name, url=url, by=_who(), now=now, by_hand=True)
        how = _say_how(home, name, "drop_area")
        what = f"{how}: files of {name} come from {url or 'its folder here'}."
        _tell(f"Recorded{what}", f"Would be recorded{what}", dry_run=dry_run)


@sites.command("authorise")
def authorise_one(
    name: NameArgument,
    purpose: Annotated[list[Purpose], typer.Argument(help="Everything it may send from now on.")],
    *,
    dry_run: DryRunOption = False,
) -> None:
    """Say what a site may send; production needs the agreement and a passed test load.

    Example: commonweal sites authorise general_hospital test sprint alpha production
    """
    with _open_registry(dry_run=dry_run) as (home, now):
        site = authorise(home, name, purposes=tuple(purpose), by=_who(), now=now)
        sent = _may_send(site)
        _tell(f"{name} may send: {sent}", f"{name} might send then: {sent}", dry_run=dry_run)


@sites.command("close")
def close_one(
    name: NameArgument,
    *,
    reason: Annotated[str, typer.Option(help="Why, for the record.")],
    on: DayOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: DryRunOption = False,
) -> None:
    """Close a site: nothing is taken from it any more, until it is reopened.

    The accounts of its stewards end for good: the pages open to them no more, and the next
    round of `commonweal worker` closes the accounts.

    Example: commonweal sites close general_hospital --reason "award ended" --yes
    """
    with _open_registry(dry_run=dry_run) as (home, now):
        get_site(home, name)
        if not yes and not dry_run:
            confirm(f"Close {name}?", reason="A closed site cannot send anything", fix="Add --yes.")
        record_deprovisioned(home, name, on=_day(on), reason=reason, by=_who(), now=now)
        _tell(
            f"{name} is closed. To take it back: commonweal sites reopen {name}",
            f"{name} would be closed.",
            dry_run=dry_run,
        )


@sites.command("reopen")
def reopen_one(name: NameArgument, *, dry_run: DryRunOption = False) -> None:
    """Take the closing of a site back.

    Example: commonweal sites reopen general_hospital
    """
    with _open_registry(dry_run=dry_run) as (home, now):
        record_reopened(home, name, by=_who(), now=now)
        _tell(f"{name} takes part again.", f"{name} would take part again.", dry_run=dry_run)


def _tell(done: str, rehearsed: str, *, dry_run: bool) -> None:
    """Say what was done, or would have been."""
    OUT.print(rehearsed if dry_run else done)


def _say_how(home: Path, name: str, step: str) -> str:
    """Plain words when nobody could see whether what is recorded was done."""
    done = {status.step.name: status for status in read_checklist(home, name)}
    if not done[step].by_hand:
        return ""
    return " by hand, without a look at the accounts, contacts and notices of the portal"


@contextmanager
def _open_registry(*, dry_run: bool) -> Iterator[tuple[Path, datetime]]:
    """The programme's folder and the time; a dry run gets a copy of the registry instead, so
    that everything is refused that would be.
    """
    home, now = read_settings().home, datetime.now(tz=UTC)
    if not dry_run:
        yield home, now
        return
    with tempfile.TemporaryDirectory(prefix="commonweal-dry-run-") as scratch:
        if (home / "registry").is_dir():
            shutil.copytree(home / "registry", Path(scratch) / "registry")
        yield Path(scratch), now
    OUT.print("Nothing was recorded: this was a dry run.")


def _day(on: datetime | None) -> date:
    return on.date() if on else datetime.now(tz=UTC).date()


def _who() -> str:
    return f"{name_account()} at the command line"


def _may_send(site: Site) -> str:
    return "nothing, it is closed" if site.closed_on else ", ".join(site.purposes) or "nothing"


def _checklist(checklist: tuple[StepStatus, ...]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Step", "What", "Who", "State"):
        table.add_column(heading)
    for status in checklist:
        table.add_row(status.step.name, status.step.title, status.step.by, _describe(status))
    return table


def _describe(status: StepStatus) -> Text:
    if status.is_done:
        how = ", recorded by hand" if status.by_hand else ""
        return Text(f"done on {status.done_on}{how}", style="green")
    if status.waits_for:
        return Text(f"waits for {', '.join(status.waits_for)}", style="yellow")
    return Text("optional" if status.step.optional else "open")


def _table(found: list[Site]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Site", "Name", "State", "Agreement", "Test load", "May send"):
        table.add_column(heading)
    for site in found:
        signed = site.isa_date.isoformat() if site.isa_date else "none"
        tested = "passed" if site.test_load else "none"
        table.add_row(
            site.name, show_name(site.title), show_name(site.state), signed, tested, _may_send(site)
        )
    return table


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.add_typer(sites, name="sites")
