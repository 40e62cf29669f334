"""``commonweal vocabulary``: load one, see which is in force, look concepts up."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pyarrow.parquet as pq
import typer

from commonweal.cli.output import ERR, OUT, JsonOption, print_json
from commonweal.cli.summary import new_table
from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.settings import read_settings
from commonweal.pipeline.snapshots import Snapshot
from commonweal.pipeline.vocabulary import get_vocabulary, load_vocabulary
from commonweal.vocabulary.concepts import Concept, find_concepts
from commonweal.vocabulary.views import VocabularyViews

app = typer.Typer(no_args_is_help=True, help="The vocabulary concepts are named by.")
FolderArgument = Annotated[
    Path, typer.Argument(help="An unpacked Athena download, or a folder of CSV or Parquet.")
]


@app.command()
def load(folder: FolderArgument, *, json: JsonOption = False) -> None:
    """Load a vocabulary and put it in force for the next releases.

    Loading the same one again changes nothing; earlier ones are kept.

    Example: commonweal vocabulary load athena-download
    """
    settings = read_settings()
    ERR.print(f"Reading {folder} …", markup=False)
    with open_engine(settings.engine, spill_folder=settings.home / "spill") as engine:
        snapshot = load_vocabulary(engine, settings.home, folder)
    _print_info(snapshot, json=json)


@app.command()
def info(*, json: JsonOption = False) -> None:
    """Say which vocabulary is in force, and how much is in it.

    Example: commonweal vocabulary info
    """
    _print_info(get_vocabulary(read_settings().home), json=json)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="Words, a code, or the number of a concept.")],
    *,
    domain: Annotated[str | None, typer.Option(help="Only this domain, such as Condition.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most this many.")] = 20,
    json: JsonOption = False,
) -> None:
    """Look concepts up by their words, codes or numbers.

    Example: commonweal vocabulary search "gastrointestinal hemorrhage" --domain Condition
    """
    settings = read_settings()
    snapshot = get_vocabulary(settings.home)
    with open_engine(settings.engine) as engine:
        for name, file in snapshot.files.items():
            engine.register_parquet(name, [file])
        views = VocabularyViews(
            synonym="concept_synonym" if "concept_synonym" in snapshot.files else None
        )
        found = find_concepts(engine, text, domain=domain, limit=limit, views=views)
    if json:
        print_json([asdict(concept) for concept in found])
    else:
        _print_concepts(found)


def register(main: typer.Typer) -> None:
    """Add the verbs to the command line."""
    main.add_typer(app, name="vocabulary")


def _print_info(snapshot: Snapshot, *, json: bool) -> None:
    rows = {name: pq.read_metadata(file).num_rows for name, file in snapshot.files.items()}
    if json:
        print_json({"digest": snapshot.digest, "folder": str(snapshot.folder), "rows": rows})
        return
    table = new_table("", "Table", "Rows")
    for name, count in rows.items():
        table.add_row(name, f"{count:,}")
    OUT.print(table, soft_wrap=False)
    OUT.print(f"Version {snapshot.digest[:16]} in {snapshot.folder}", markup=False)


def _print_concepts(found: list[Concept]) -> None:
    if not found:
        OUT.print("No concept was found. Try fewer words, or another domain.")
        return
    table = new_table("", "Concept", "Name", "Domain", "Vocabulary", "Code", "Standard")
    for concept in found:
        table.add_row(
            str(concept.id),
            concept.name,
            concept.domain,
            concept.vocabulary,
            concept.code,
            concept.standard or "",
        )
    OUT.print(table, soft_wrap=False)
