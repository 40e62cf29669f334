"""``commonweal submissions``: what was handed in, what became of it, and what changed."""

import csv
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from commonweal.cli.output import ERR, OUT, JsonOption, print_json
from commonweal.cli.receive import build_no_site_error
from commonweal.cli.serve import check_home
from commonweal.cli.submission_acts import add_acts
from commonweal.cli.submission_clearing import clear
from commonweal.engine.settings import read_settings
from commonweal.intake.lifecycle.acts import list_reports
from commonweal.intake.lifecycle.compare import (
    Comparison,
    compare_submissions,
    find_previous,
    list_changed_persons,
)
from commonweal.intake.lifecycle.history import (
    DAMAGED,
    Event,
    describe_damage,
    list_not_counted,
)
from commonweal.intake.lifecycle.lookup import Entry, get_entry, get_landed, list_entries
from commonweal.intake.lifecycle.states import get_states
from commonweal.intake.lifecycle.verify import list_verifiable_sites, verify_site
from commonweal.intake.metric_report import render_metrics_terminal
from commonweal.intake.sites import Purpose, get_site
from commonweal.intake.submission import find_metrics
from commonweal.intake.terminal import VERDICT_STYLES
from commonweal.schema.errors import CommonwealError, ExitCode

app = typer.Typer(invoke_without_command=True, rich_markup_mode="rich")
IdArgument = Annotated[
    str,
    typer.Argument(
        help="Id of a submission, or a site and folder such as hospital/2026-03-01-v1.",
        show_default=False,
    ),
]
_PLAIN = ("folder", "reason", "said")
_LABELLED = ("purpose", "verdict", "superseded_by", "rows", "certificate")
"""Details of an event that a person reads, those that need a word before them last."""
_STYLES = VERDICT_STYLES | {
    "current": "bold green",
    "held": "bold yellow",
    "failed": "bold red",
    "misnamed": "bold yellow",
    "expired": "bold yellow",
    DAMAGED: "bold red",
}


@app.callback()
def submissions(
    context: typer.Context,
    *,
    site: Annotated[str, typer.Option(help="Only those of this site.")] = "",
    purpose: Annotated[Purpose | None, typer.Option(help="Only those for this purpose.")] = None,
    state: Annotated[
        str, typer.Option(help="Only those in this state, such as current or held.")
    ] = "",
    json: JsonOption = False,
) -> None:
    """List the submissions with their states, the latest last.

    Folders in the drop areas that have not landed are listed as well, by site and name, so
    that nothing that was sent goes unseen.

    Example: commonweal submissions

    Example: commonweal submissions --site general_hospital --state held --json
    """
    if context.invoked_subcommand is not None:
        return
    _check_state(state)
    home = read_settings().home
    if site:
        get_site(home, site)
    every = list_entries(home)
    found = [
        entry
        for entry in every
        if (not site or entry.site == site)
        and (purpose is None or entry.purpose == purpose)
        and (not state or entry.state == state)
    ]
    if json:
        print_json([entry.to_json() for entry in found])
    elif found:
        OUT.print(_list_table(found), soft_wrap=False)
    elif every:
        OUT.print("No submission is like that.")
    else:
        OUT.print("Nothing has been handed in yet. Start with: commonweal submit --help")


@app.command()
def show(submission_id: IdArgument, *, json: JsonOption = False) -> None:
    """Show what a submission holds, how it was judged and where it stands.

    Example: commonweal submissions show general_hospital-20260301-0a1b2c3d
    """
    entry = get_entry(read_settings().home, submission_id)
    landed = entry.submission
    details = entry.to_json()
    if landed is not None:
        details["tables"] = [vars(file) for file in landed.files]
        details["reports"] = list_reports(landed)
        details["folder"] = str(landed.folder)
    if json:
        print_json(details)
        return
    OUT.print(Text.assemble((entry.id, "bold"), f": {entry.state}"))
    for label, value in _lines(entry):
        OUT.print(f"{label}: {value}")
    if entry.has_open_erasure:
        interrupted = ("An erasure was interrupted.", "bold red")
        OUT.print(Text.assemble(interrupted, " Give the same order once more."))
    if landed is not None:
        OUT.print(_file_table(details["tables"]), soft_wrap=False)
        OUT.print(f"Reports: {', '.join(details['reports'])} in {landed.folder}")


@app.command()
def history(submission_id: IdArgument, *, json: JsonOption = False) -> None:
    """Show everything that happened to a submission, the first event first.

    The history is append-only, and each event holds the checksum of the one before; one that
    was changed is refused.

    Example: commonweal submissions history general_hospital/2026-03-01-v1
    """
    entry = get_entry(read_settings().home, submission_id)
    if entry.history.is_damaged:
        raise describe_damage(entry.history)
    if json:
        print_json([event.to_json() for event in entry.history.events])
        return
    table = _new_table("When (UTC)", "Event", "By", "What")
    for event in entry.history.events:
        table.add_row(f"{event.at:%Y-%m-%d %H:%M:%S}", event.name, event.by, Text(_explain(event)))
    OUT.print(table, soft_wrap=False)
    OUT.print(f"State: {entry.state}")


@app.command()
def metrics(submission_id: IdArgument, *, json: JsonOption = False) -> None:
    """Show the metrics of quality of a submission, as they were measured when it landed.

    Example: commonweal submissions metrics general_hospital-20260301-0a1b2c3d
    """
    submission = get_landed(read_settings().home, submission_id)
    measured = find_metrics(submission)
    if measured is None:
        raise CommonwealError(
            f"{submission.id} has no metrics.",
            expected="an accepted submission that was measured",
            fix="Mend what its report says, and hand the folder in again.",
        )
    if json:
        print_json(measured.to_json())
    else:
        OUT.print(render_metrics_terminal(measured), soft_wrap=False)


@app.command()
def compare(
    submission_id: IdArgument,
    other: Annotated[
        str | None,
        typer.Argument(help="What to compare with; the accepted one before when left out."),
    ] = None,
    *,
    ids: Annotated[
        Path | None,
        typer.Option(
            help="Write the ids of persons lost and gained into this CSV file. It is for the "
            "site alone."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Compare a submission with the one before: rows of each table, persons lost and gained.

    A table that is not there is called not submitted, which is something else than no rows.
    Only counts are shown.

    Example: commonweal submissions compare general_hospital-20260301-0a1b2c3d

    Example: commonweal submissions compare ID OTHER --ids changed-persons.csv
    """
    home = read_settings().home
    submission = get_landed(home, submission_id)
    previous = get_landed(home, other) if other else find_previous(submission)
    compared = compare_submissions(submission, previous)
    if ids is not None:
        if previous is None:
            raise CommonwealError(
                f"There is nothing before {submission.id} to compare with.",
                fix="Name another submission.",
            )
        _write_ids(ids, *list_changed_persons(submission, previous))
    if json:
        print_json(compared.to_json())
    else:
        _print_comparison(compared)


@app.command()
def verify(
    *,
    site: Annotated[str, typer.Option(help="Only this site; all when left out.")] = "",
    json: JsonOption = False,
) -> None:
    """Check that steps, histories and files of the sites are still what was written.

    Every event has to follow from the one before, and every byte that a site handed in has to
    be there. The exit code is 0 when all is whole, 1 when something is not, and 2 when there is
    no programme, or nothing of any site.

    Example: commonweal submissions verify

    Example: commonweal submissions verify --site general_hospital --json
    """
    settings = read_settings()
    check_home(settings)
    home = settings.home
    sites = list_verifiable_sites(home)
    if not sites:
        raise build_no_site_error()
    if site:
        # One whose steps are damaged is to be told of, and not refused.
        sites = [site] if site in sites else [get_site(home, site).name]
    with ERR.status("Reading all that is kept"):
        damaged = [damage for name in sites for damage in verify_site(home, name)]
    if json:
        print_json({"sites": sites, "damaged": [vars(damage) for damage in damaged]})
    for damage in () if json else damaged:
        OUT.print(Text(f"{damage.place}: {damage.said}"))
    if damaged:
        raise typer.Exit(ExitCode.REJECTED)
    if not json:
        kept = "1 site" if len(sites) == 1 else f"{len(sites)} sites"
        OUT.print(f"All that is kept of {kept} is what was written.")


def register(main: typer.Typer) -> None:
    """Add the verbs to the command line."""
    main.add_typer(app, name="submissions")


add_acts(app)
app.command()(clear)


def _check_state(state: str) -> None:
    known = [*get_states().states, DAMAGED]
    if state and state not in known:
        raise CommonwealError(
            f"There is no state called {state!r}.",
            expected=f"one of {', '.join(known)}",
            fix="Choose one of these.",
        )


def _list_table(found: list[Entry]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Submission", "Purpose", "Received", "State"):
        table.add_column(heading, no_wrap=heading in ("Submission", "Received"))
    table.add_column("Rows", justify="right", no_wrap=True)
    for entry in found:
        purpose = f"{entry.purpose} (synthetic)" if entry.is_synthetic else entry.purpose
        rows = f"{entry.submission.rows:,}" if entry.submission else ""
        table.add_row(entry.id, purpose, f"{entry.at:%Y-%m-%d %H:%M}", _state_text(entry), rows)
    return table


def _state_text(entry: Entry) -> Text:
    """The state, after the verdict where the state does not say it."""
    state = Text(entry.state, style=_STYLES.get(entry.state, ""))
    verdict = entry.submission.verdict if entry.submission else ""
    if verdict and verdict != entry.state:
        return Text.assemble((f"{verdict}, ", VERDICT_STYLES[verdict]), state)
    return state


def _lines(entry: Entry) -> list[tuple[str, str]]:
    kind = " (synthetic)" if entry.is_synthetic else ""
    lines = [
        ("Site", entry.site),
        ("Purpose", f"{entry.purpose or 'not declared'}{kind}"),
        ("History", entry.name),
    ]
    if entry.history.is_damaged:
        lines.append(("What is wrong", str(describe_damage(entry.history))))
    elif entry.submission is None and (why := _explain(entry.history.events[-1])):
        lines.append(("What is known", why))
    if entry.submission is not None:
        landed = entry.submission
        lines += [
            ("Dialect", landed.dialect),
            ("Received", f"{landed.received_at:%Y-%m-%d %H:%M} UTC"),
            ("Verdict", landed.verdict),
        ]
    events = [event.to_json() for event in entry.history.events]
    lines += [("To know", reason) for reason in list_not_counted(events)]
    return lines


def _file_table(files: list[dict[str, Any]]) -> Table:
    table = _new_table("File", "Table")
    for heading in ("Rows", "Bytes"):
        table.add_column(heading, justify="right")
    for file in files:
        table.add_row(file["name"], file["table"], f"{file['rows']:,}", f"{file['bytes']:,}")
    return table


def _new_table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading)
    return table


def _explain(event: Event) -> str:
    """The details that a person reads; checksums and the like stay in the JSON."""
    plain = [str(event.details[name]) for name in _PLAIN if event.details.get(name)]
    labelled = [f"{name} {event.details[name]}" for name in _LABELLED if event.details.get(name)]
    parts = [*plain, *labelled]
    files = event.details.get("files")
    if isinstance(files, list) and files and "said" not in event.details:
        parts.append(", ".join(map(str, files)))
    return "; ".join([*([event.submission] if event.submission else []), *parts])


def _print_comparison(compared: Comparison) -> None:
    if not compared.previous:
        OUT.print(f"{compared.submission} is the first of its purpose that was accepted.")
    else:
        OUT.print(f"{compared.submission} after {compared.previous}")
    table = _new_table("Table")
    for heading in ("Before", "After", "Change"):
        table.add_column(heading, justify="right")
    for change in compared.tables:
        both = change.before is not None and change.after is not None
        difference = f"{(change.after or 0) - (change.before or 0):+,}" if both else ""
        table.add_row(change.table, _rows(change.before), _rows(change.after), difference)
    OUT.print(table, soft_wrap=False)
    if compared.persons_lost is not None:
        OUT.print(f"Persons lost: {compared.persons_lost:,}; gained: {compared.persons_gained:,}")


def _rows(count: int | None) -> str:
    return "not submitted" if count is None else f"{count:,}"


def _write_ids(file: Path, lost: list[int], gained: list[int]) -> None:
    try:
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["person_id", "change"])
            writer.writerows([person, "lost"] for person in lost)
            writer.writerows([person, "gained"] for person in gained)
        file.chmod(0o600)
    except OSError as error:
        raise CommonwealError(
            f"The ids cannot be written to {file}: {error.strerror}.",
            fix="Choose a file in a folder that exists and can be written.",
        ) from error
