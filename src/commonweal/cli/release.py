"""``commonweal release``: build, list, show and verify releases."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from commonweal.cli.output import OUT, JsonOption, print_json
from commonweal.cli.progress import Bars
from commonweal.cli.summary import new_table, print_build
from commonweal.engine.settings import read_settings
from commonweal.pipeline.build import run_build
from commonweal.pipeline.summary import summarize_build
from commonweal.pipeline.training import PERSONS, build_training_release
from commonweal.release.catalogue import Release, get_release, list_releases
from commonweal.release.verify import verify_release
from commonweal.schema.errors import CommonwealError, ExitCode

TrainingOption = Annotated[
    bool, typer.Option("--training", help="Build the release of made-up people, letter S.")
]
PersonsOption = Annotated[
    int | None,
    typer.Option(help=f"How many people are made up for --training; {PERSONS:,} if not given."),
]

app = typer.Typer(
    no_args_is_help=True,
    help="Build releases, and look at those there are.",
    rich_markup_mode="rich",
)
IdArgument = Annotated[
    str, typer.Argument(help="Id of a release, such as R2026Q4R1.", show_default=False)
]


@app.command()
def build(
    *, training: TrainingOption = False, persons: PersonsOption = None, json: JsonOption = False
) -> None:
    """Curate, de-identify, seal and publish the next releases.

    The same inputs give the same releases, byte for byte: when nothing has changed, nothing
    is made.

    With --training a release of made-up people is built instead, such as S2026Q4R1, in the shape
    of the registered tier. It needs no submission and can be built in any programme.

    Example: commonweal release build

    Example: commonweal release build --training
    """
    if persons is not None and not training:
        raise CommonwealError(
            "A number of persons was given, but releases of real submissions have those they have.",
            expected="--persons together with --training",
            fix="Add --training to build the release of made-up people, or leave --persons out.",
        )
    with Bars() as bars:
        now, settings = datetime.now(tz=UTC), read_settings()
        if training:
            made = build_training_release(settings, bars, now=now, persons=persons or PERSONS)
        else:
            built = run_build(settings, bars, now=now)
    if training:
        _print_training(made, json=json)
        return
    summary = summarize_build(built)
    if json:
        print_json(summary)
    else:
        print_build(summary)


@app.command("list")
def list_(*, json: JsonOption = False) -> None:
    """List the releases, oldest first.

    Example: commonweal release list --json
    """
    home = read_settings().home
    found = list_releases(home)
    if json:
        print_json([_describe(release) for release in found])
    elif found:
        OUT.print(_list_table(found), soft_wrap=False)
    else:
        OUT.print(f"No release has been built yet in {home}. Start with: commonweal release build")


@app.command()
def show(release_id: IdArgument, *, json: JsonOption = False) -> None:
    """Show what is in a release and where its files are.

    Example: commonweal release show R2026Q4R1
    """
    release = get_release(read_settings().home, release_id)
    if json:
        print_json(_describe(release) | release.manifest.model_dump(mode="json"))
        return
    OUT.print(_heading(release))
    table = new_table("", "Table", "Rows", "Columns", "Bytes")
    for entry in release.manifest.tables:
        sizes = (entry.rows, len(entry.columns), entry.bytes)
        table.add_row(entry.name, *(f"{size:,}" for size in sizes))
    OUT.print(table, soft_wrap=False)
    OUT.print(f"Files: {release.folder}")


@app.command()
def verify(release_id: IdArgument, *, json: JsonOption = False) -> None:
    """Check every byte, row count and the signature of a release.

    The exit code is 0 when all is as it was sealed and 1 when something is not.

    Example: commonweal release verify R2026Q4R1
    """
    problems = verify_release(read_settings().home, release_id)
    if json:
        print_json({"id": release_id, "problems": [str(problem) for problem in problems]})
    elif problems:
        for problem in problems:
            OUT.print(str(problem))
    else:
        OUT.print(f"{release_id} is exactly as it was sealed.")
    if problems:
        raise typer.Exit(ExitCode.REJECTED)


def register(main: typer.Typer) -> None:
    """Add the verbs to the command line."""
    main.add_typer(app, name="release")


def _print_training(release: Release, *, json: bool) -> None:
    if json:
        print_json(_describe(release))
        return
    OUT.print(_heading(release))
    OUT.print(f"What is in it: commonweal release show {release.id}")


def _describe(release: Release) -> dict[str, object]:
    manifest = release.manifest
    return {
        "id": release.id,
        "tier": manifest.tier,
        "cutoff": manifest.cutoff.isoformat(),
        "synthetic": manifest.synthetic,
        "content_hash": release.content_hash,
        "folder": str(release.folder),
    }


def _heading(release: Release) -> Text:
    manifest = release.manifest
    kind = " · SYNTHETIC, its people are made up" if manifest.synthetic else ""
    about = f" {manifest.tier} tier, data up to {manifest.cutoff}{kind}"
    return Text.assemble((release.id, "bold"), about)


def _list_table(found: list[Release]) -> Table:
    table = new_table(
        "", "Release", "Tier", "Data up to", "Synthetic", "Tables", "Rows", "Content hash"
    )
    for release in found:
        manifest = release.manifest
        table.add_row(
            release.id,
            manifest.tier,
            manifest.cutoff.isoformat(),
            "yes" if manifest.synthetic else "no",
            str(len(manifest.tables)),
            f"{sum(entry.rows for entry in manifest.tables):,}",
            release.content_hash[:16],
        )
    return table
