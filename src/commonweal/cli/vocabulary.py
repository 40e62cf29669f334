"""``commonweal vocabulary``: load one, see which is in force, look concepts up, browse."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import pyarrow.parquet as pq
import typer

from commonweal.cli.output import ERR, OUT, JsonOption, print_json
from commonweal.cli.progress import Bars
from commonweal.cli.summary import new_table
from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import Settings, read_settings
from commonweal.pipeline.vocabulary import (
    Vocabulary,
    get_vocabulary,
    load_vocabulary,
    use_abridged,
)
from commonweal.schema.errors import CommonwealError
from commonweal.vocabulary.abridged import has_snomed
from commonweal.vocabulary.concepts import Concept, find_concepts, get_concept, suggest_codes
from commonweal.vocabulary.hierarchy import Node, list_children, list_roots
from commonweal.vocabulary.licences import CLASSES
from commonweal.vocabulary.summary import Share, count_contents
from commonweal.vocabulary.views import VocabularyViews, register_vocabulary

SHOWN_SHARES = 12
"""Vocabularies and domains that are listed for people; JSON has them all."""

app = typer.Typer(no_args_is_help=True, help="The vocabulary concepts are named by.")
SourceArgument = Annotated[
    Path | None,
    typer.Argument(help="A download from Athena, as the zip or unpacked, or CSV or Parquet."),
]
DomainOption = Annotated[str | None, typer.Option(help="Only this domain, such as Condition.")]
VocabularyOption = Annotated[
    str | None, typer.Option(help="Only this vocabulary, such as SNOMED or RxNorm.")
]
LimitOption = Annotated[int, typer.Option(min=1, max=1000, help="At most this many.")]


@app.command()
def load(
    source: SourceArgument = None,
    *,
    abridged: Annotated[
        bool, typer.Option("--abridged", help="Go back to the one that comes with the product.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Load a vocabulary and put it in force for the next releases.

    Loading the same one again changes nothing; earlier ones are kept. Until one is loaded, an
    abridged vocabulary that comes with the product is in force.

    Example: commonweal vocabulary load vocabulary_download_v5.zip
    """
    settings = read_settings()
    if abridged == (source is not None):
        raise CommonwealError(
            "It is not said what to load.",
            expected="a zip or a folder, or --abridged, and not both",
            fix="For example: commonweal vocabulary load vocabulary_download_v5.zip",
        )
    if source is None:
        vocabulary = use_abridged(settings.home)
    else:
        with Bars() as bars, _open(settings) as engine:
            vocabulary = load_vocabulary(engine, settings.home, source, bars)
    _print_info(settings, vocabulary, json=json)


@app.command()
def info(*, json: JsonOption = False) -> None:
    """Say which vocabulary is in force, how much is in it, and under which licences.

    Example: commonweal vocabulary info
    """
    settings = read_settings()
    _print_info(settings, get_vocabulary(settings.home), json=json)


@app.command()
def search(
    text: Annotated[str, typer.Argument(help="Words, a code, or the number of a concept.")],
    *,
    domain: DomainOption = None,
    vocabulary: VocabularyOption = None,
    sources: Annotated[
        bool, typer.Option("--all/--standard", help="Source terms too, or standard terms alone.")
    ] = False,
    limit: LimitOption = 20,
    json: JsonOption = False,
) -> None:
    """Look concepts up by their words, codes or numbers.

    Every word of three letters or more has to begin a word of a concept's name, code,
    vocabulary or synonyms. A code or a number finds just that concept.

    Example: commonweal vocabulary search "gastrointestinal hemorrhage" --domain Condition
    """
    with _registered(read_settings()) as (engine, views):
        found = find_concepts(
            engine,
            text,
            domain=domain,
            vocabulary=vocabulary,
            sources=sources,
            limit=limit,
            views=views,
        )
        if json:
            print_json([asdict(concept) for concept in found])
        elif found:
            _print_concepts("", found)
        else:
            narrowing = {"domain": domain, "vocabulary": vocabulary}
            _print_nothing_found(engine, text, narrowing, views, sources=sources)


@app.command()
def tree(
    concept: Annotated[
        int | None, typer.Argument(help="The number of a concept; without one, the roots.")
    ] = None,
    *,
    domain: DomainOption = None,
    vocabulary: VocabularyOption = None,
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """Browse from the broadest concepts down: roots, or what is directly below a concept.

    Example: commonweal vocabulary tree 2130001020
    """
    with _registered(read_settings()) as (engine, views):
        if concept is None:
            where = "at the root"
            nodes = list_roots(
                engine, vocabulary=vocabulary, domain=domain, limit=limit + 1, views=views
            )
        else:
            where = f"below {get_concept(engine, concept, views=views).name}"
            nodes = list_children(engine, concept, limit=limit + 1, views=views)
    if json:
        print_json([{**asdict(n.concept), "children": n.children} for n in nodes[:limit]])
    else:
        _print_nodes(where, nodes, limit)


def register(main: typer.Typer) -> None:
    """Add the verbs to the command line."""
    main.add_typer(app, name="vocabulary")


@contextmanager
def _open(settings: Settings) -> Iterator[Engine]:
    spill = settings.home / "spill" if settings.home.is_dir() else None
    with open_engine(settings.engine, spill_folder=spill) as engine:
        yield engine


@contextmanager
def _registered(settings: Settings) -> Iterator[tuple[Engine, VocabularyViews]]:
    """The vocabulary in force, ready to be asked."""
    vocabulary = get_vocabulary(settings.home)
    with _open(settings) as engine:
        yield engine, register_vocabulary(engine, vocabulary.files, search=vocabulary.search)


def _describe(settings: Settings, vocabulary: Vocabulary) -> dict[str, Any]:
    with _open(settings) as engine:
        contents = count_contents(engine, views=register_vocabulary(engine, vocabulary.files))
    return {
        "version": vocabulary.version,
        "abridged": vocabulary.is_abridged,
        "digest": vocabulary.digest,
        "folder": str(vocabulary.folder),
        "snomed_removed": vocabulary.is_abridged and not has_snomed(vocabulary.folder),
        "rows": {
            name: sum(pq.read_metadata(file).num_rows for file in parts)
            for name, parts in vocabulary.files.items()
        },
        "licences": [
            {**asdict(share), "meaning": CLASSES[share.name]} for share in contents.licences
        ],
        "vocabularies": [asdict(share) for share in contents.vocabularies],
        "domains": [asdict(share) for share in contents.domains],
    }


def _print_info(settings: Settings, vocabulary: Vocabulary, *, json: bool) -> None:
    about = _describe(settings, vocabulary)
    if json:
        print_json(about)
        return
    rows = new_table("Tables", "Table", "Rows")
    for name, count in about["rows"].items():
        rows.add_row(name, f"{count:,}")
    OUT.print(rows, soft_wrap=False)
    licences = new_table("Licences", "Class", "Concepts", "Meaning")
    for share in about["licences"]:
        licences.add_row(share["name"], f"{share['concepts']:,}", share["meaning"])
    OUT.print(licences, soft_wrap=False)
    for title, heading, key in (
        ("Vocabularies", "Vocabulary", "vocabularies"),
        ("Domains", "Domain", "domains"),
    ):
        _print_shares(title, heading, [Share(**share) for share in about[key]])
    if about["snomed_removed"]:
        OUT.print("SNOMED CT was removed: its concepts are shown by number.")
    kind = "the abridged one that comes with the product" if about["abridged"] else "loaded"
    OUT.print(f"In force: {about['version'] or 'no version'} ({kind})")
    OUT.print(f"Digest {about['digest'][:16]} in {about['folder']}")


def _print_shares(title: str, heading: str, shares: list[Share]) -> None:
    table = new_table(title, heading, "Concepts", "Standard")
    for share in shares[:SHOWN_SHARES]:
        table.add_row(share.name, f"{share.concepts:,}", f"{share.standard:,}")
    rest = shares[SHOWN_SHARES:]
    if rest:
        concepts = sum(share.concepts for share in rest)
        standard = sum(share.standard for share in rest)
        table.add_row(f"{len(rest)} more", f"{concepts:,}", f"{standard:,}")
    OUT.print(table, soft_wrap=False)


def _print_concepts(title: str, found: list[Concept]) -> None:
    table = new_table(title, "Concept", "Name", "Domain", "Vocabulary", "Code", "Standard concept")
    for c in found:
        cells = (str(c.id), c.name, c.domain, c.vocabulary, c.code, c.standard or "")
        table.add_row(*cells)
    OUT.print(table, soft_wrap=False)


def _print_nothing_found(
    engine: Engine,
    text: str,
    narrowing: dict[str, str | None],
    views: VocabularyViews,
    *,
    sources: bool,
) -> None:
    """Say what could be tried instead of what found nothing."""
    contents = count_contents(engine, views=views)
    for what, shares in (("domain", contents.domains), ("vocabulary", contents.vocabularies)):
        asked = narrowing[what]
        if asked and asked.lower() not in {share.name.lower() for share in shares}:
            known = ", ".join(share.name for share in shares[:SHOWN_SHARES])
            OUT.print(f"No concept is of the {what} {asked}. There are {known} …")
            return
    if codes := suggest_codes(engine, text, views=views):
        _print_concepts("No concept was found. Did you mean one of these codes?", codes)
    elif not sources and find_concepts(
        engine, text, **narrowing, sources=True, limit=1, views=views
    ):
        OUT.print("No standard concept was found, but source terms were: add --all to see them.")
    else:
        OUT.print("No concept was found. Try fewer words, or another domain.")


def _print_nodes(where: str, nodes: list[Node], limit: int) -> None:
    if not nodes:
        OUT.print(f"There is nothing {where}.")
        return
    title = f"{where[0].upper()}{where[1:]}, and how many are directly below each"
    table = new_table(title, "Concept", "Name", "Vocabulary", "Code", "Below")
    for node in nodes[:limit]:
        c = node.concept
        cells = (str(c.id), c.name, c.vocabulary, c.code, f"{node.children:,}")
        table.add_row(*cells)
    OUT.print(table, soft_wrap=False)
    if len(nodes) > limit:
        ERR.print(f"Only the first {limit} are shown; --limit shows more.")
