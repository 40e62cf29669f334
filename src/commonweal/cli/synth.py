"""``commonweal synth``: a made-up programme of any size, with known dirt."""

import shutil
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from commonweal.cli.output import ERR, OUT, JsonOption, print_json
from commonweal.cli.progress import Bars
from commonweal.cli.summary import new_table
from commonweal.schema.errors import CommonwealError
from commonweal.synthetic.dirt.mixture import DirtChoice, parse_dirt
from commonweal.synthetic.output.programme import Part, Summary, write_programme
from commonweal.synthetic.plan import (
    DEFAULT_AS_OF,
    DEFAULT_SEED,
    DEFAULT_SITES,
    Plan,
    build_plan,
)

SAMPLE_PERSONS = 400
"""Persons that are made to say how large the whole programme will be."""
PRECHECKED_FROM = 50_000
"""From this number of persons on, the room on the disk is looked at before the work begins."""

PersonsOption = Annotated[int, typer.Option(help="How many participants the programme has.")]
OutOption = Annotated[
    Path, typer.Option("--out", help="Folder to make; it must not be there yet.")
]
SitesOption = Annotated[
    int | None, typer.Option(help=f"How many hospitals send records; {DEFAULT_SITES} if not given.")
]
SeedOption = Annotated[
    int, typer.Option(min=0, help="Another seed gives other people; the same, the same bytes.")
]
AsOfOption = Annotated[
    datetime, typer.Option(formats=["%Y-%m-%d"], help="Day of the snapshot: nothing is later.")
]
DemographicsOption = Annotated[
    Path | None, typer.Option(help="CSV table of ages, sexes, races and ethnicities.")
]
PartOption = Annotated[
    list[Part] | None, typer.Option("--make", help="What to make; say it once for each.")
]
DirtOption = Annotated[
    list[str] | None,
    typer.Option(
        "--dirt",
        help="A fault to plant, as NAME or NAME=RATE; 'none', 'all', or 'default' for the usual "
        "mixture. Say it once for each.",
    ),
]
BatchOption = Annotated[
    int, typer.Option(min=1, help="Persons made at a time; changes memory and time, no byte.")
]
WorkersOption = Annotated[
    int | None, typer.Option(min=1, help="Processor cores to use; all when not given.")
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say how large it would be, and make nothing.")
]


def synth(
    *,
    persons: PersonsOption,
    out: OutOption,
    sites: SitesOption = None,
    seed: SeedOption = DEFAULT_SEED,
    as_of: AsOfOption = datetime(DEFAULT_AS_OF.year, DEFAULT_AS_OF.month, DEFAULT_AS_OF.day),  # noqa: DTZ001  (a calendar day)
    demographics: DemographicsOption = None,
    make: PartOption = None,
    dirt: DirtOption = None,
    batch: BatchOption = 20_000,
    workers: WorkersOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Make up a programme: hospitals' submissions, OMOP tables and the programme's own side.

    Nobody in it is real. Hospitals differ in codes, volume and care; some faults of real life
    are planted on purpose, and truth.csv says where each one is. The same options give the
    same files, byte for byte, on any number of cores. Use it to rehearse before the first real
    submission, to train, to test and to measure.

    Example: commonweal synth --persons 5000 --out rehearsal

    Example: commonweal synth --persons 1000000 --make omop --dirt none --out large

    Example: commonweal synth --persons 500 --dirt key.duplicate=0.06 --out dirty --dry-run
    """
    plan = build_plan(
        persons=persons, sites=sites, seed=seed, as_of=as_of.date(), demographics=demographics
    )
    parts = frozenset(make or Part)
    chosen = parse_dirt(dirt or ["default"])
    _check_absent(out)
    if dry_run or persons >= PRECHECKED_FROM:
        expected = _estimate(plan, parts, chosen)
        if dry_run:
            _print_estimate(plan, expected, json=json)
            return
        _check_room(out, expected)
    with Bars() as bars:
        summary = write_programme(
            plan, out, parts=parts, dirt=chosen, batch=batch, workers=workers, progress=bars
        )
    if json:
        print_json(summary.to_json())
    else:
        _print(summary, out)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(synth)
