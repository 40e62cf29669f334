"""``commonweal synth``: a made-up programme of any size, with known dirt."""

import shutil
from collections.abc import Set
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from commonweal.cli.output import OUT, JsonOption, print_json
from commonweal.cli.progress import Bars
from commonweal.cli.summary import new_table
from commonweal.schema.errors import CommonwealError
from commonweal.synthetic.assembly import make_programme
from commonweal.synthetic.dirt.mixture import Mixture, parse_dirt
from commonweal.synthetic.output.programme import DEFAULT_BATCH, Summary, check_absent
from commonweal.synthetic.output.writing import Part
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
OutOption = Annotated[Path, typer.Option("--out", help="Folder to make; it must not be there yet.")]
SitesOption = Annotated[
    int | None, typer.Option(help=f"How many hospitals send records; {DEFAULT_SITES} if not given.")
]
SeedOption = Annotated[
    int, typer.Option(min=0, help="Another seed gives other people; the same, the same bytes.")
]
AsOfOption = Annotated[
    datetime,
    typer.Option(
        formats=["%Y-%m-%d"],
        help="Day of the snapshot: nothing is later.",
        show_default=str(DEFAULT_AS_OF),
    ),
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
        help="A fault to plant, as NAME or NAME=RATE, or all or none; what is usual when left "
        "out. Say it once for each.",
    ),
]
MendedOption = Annotated[
    bool,
    typer.Option(
        "--mended", help="Without what files are rejected for, as sites send them once more."
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
    mended: MendedOption = False,
    batch: BatchOption = DEFAULT_BATCH,
    workers: WorkersOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Make up a programme: hospitals' submissions, OMOP tables and the programme's own side.

    Nobody in it is real. Some faults of real life are planted on purpose, and truth.csv says
    where each one is. The same options give the same files, byte for byte, on any number of
    cores. Use it to rehearse before the first real submission, to train, to test, to measure.

    Example: commonweal synth --persons 5000 --out rehearsal

    Example: commonweal synth --persons 1000000 --make omop --out large

    Example: commonweal synth --persons 500 --dirt key.duplicate=0.06 --out dirty
    """
    plan = build_plan(
        persons=persons, sites=sites, seed=seed, as_of=as_of.date(), demographics=demographics
    )
    parts, mixture = frozenset(make or Part), parse_dirt(dirt) if dirt else None
    _check_dirt_has_a_place(parts, asked=bool(mixture) or mended)
    check_absent(out)
    if dry_run or persons >= PRECHECKED_FROM:
        expected = estimate(plan, parts, mixture)
        if dry_run:
            _print_estimate(plan, expected, json=json)
            return
        _check_room(out, sum(folder["bytes"] for folder in expected.values()))
    with Bars() as bars:
        bars.begin("Making people up", plan.persons)
        made = make_programme(
            plan,
            out,
            parts=parts,
            mixture=mixture,
            mended=mended,
            batch=batch,
            workers=workers,
            progress=bars.reach,
        )
        bars.end()
    if json:
        print_json(_describe(made, plan))
    else:
        _print(made, plan)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(synth)


def estimate(plan: Plan, parts: Set[Part], mixture: Mixture | None) -> dict[str, dict[str, int]]:
    """About how many rows and bytes each folder would have, from making a few of the people.

    Twice as many people make a straight line: what does not grow with them counts once.
    """
    most = min(plan.persons, SAMPLE_PERSONS)
    fewer = max(most // 2, 1)
    small, large = (_sample(plan, persons, parts, mixture) for persons in (fewer, most))
    times = (plan.persons - most) / max(most - fewer, 1)
    return {
        name: {
            what: round(size + (size - small[name][what]) * times) for what, size in sizes.items()
        }
        for name, sizes in large.items()
    }


def _sample(
    plan: Plan, persons: int, parts: Set[Part], mixture: Mixture | None
) -> dict[str, dict[str, int]]:
    """Rows and bytes of each folder for some of the people."""
    few = replace(plan, persons=persons)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch) / "sample"
        made = make_programme(few, folder, parts=parts, mixture=mixture)
        return {
            name: {"rows": rows, "bytes": _measure(folder / name)}
            for name, rows in made.rows.items()
        }


def _measure(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _check_dirt_has_a_place(parts: Set[Part], *, asked: bool) -> None:
    """Refuse to be silent about an option that would change nothing."""
    if asked and Part.SUBMISSIONS not in parts:
        raise CommonwealError(
            "Dirt is planted in submissions, and none are to be made.",
            expected=f"--make {Part.SUBMISSIONS} among the parts",
            fix="Add it, or leave --dirt and --mended out.",
        )


def _check_room(out: Path, needed: int) -> None:
    """Refuse before hours of work what the disk cannot hold."""
    place = next(folder for folder in out.absolute().parents if folder.exists())
    free = shutil.disk_usage(place).free
    if needed > free:
        raise CommonwealError(
            f"About {needed / 1e9:,.1f} GB are needed, and {free / 1e9:,.1f} GB are free.",
            expected="room for all of it",
            fix="Choose another disk, fewer persons, or fewer parts with --make.",
        )


def _print_estimate(plan: Plan, expected: dict[str, dict[str, int]], *, json: bool) -> None:
    if json:
        print_json({"persons": plan.persons, "estimate": expected})
        return
    table = new_table("It would have about", "Folder", "Rows", "Bytes")
    for name, size in expected.items():
        table.add_row(name, f"{size['rows']:,}", f"{size['bytes']:,}")
    OUT.print(table, soft_wrap=False)
    OUT.print("Nothing was made. Leave --dry-run out to make it.")


def _describe(made: Summary, plan: Plan) -> dict[str, Any]:
    return {
        "folder": str(made.folder),
        "persons": made.persons,
        "sites": [site.name for site in plan.sites],
        "seed": plan.seed,
        "as_of": plan.as_of.isoformat(),
        "rows": dict(made.rows),
        "faults": made.faults,
        "synthetic": True,
    }


def _print(made: Summary, plan: Plan) -> None:
    people = "person" if made.persons == 1 else "people"
    sites = "site" if len(plan.sites) == 1 else "sites"
    OUT.print(f"{made.persons:,} made-up {people} at {len(plan.sites):,} {sites}")
    table = new_table("", "Folder", "Rows")
    for name, rows in made.rows.items():
        table.add_row(name, f"{rows:,}")
    OUT.print(table, soft_wrap=False)
    if made.faults:
        OUT.print(f"{made.faults:,} faults were planted; truth.csv says where each one is.")
    OUT.print(f"Everything is in {made.folder}; start with its README.md.")
    if Part.SUBMISSIONS.value in made.rows:
        site = made.folder / Part.SUBMISSIONS.value / plan.sites[0].name
        OUT.print(f"Try: commonweal check {site}")
