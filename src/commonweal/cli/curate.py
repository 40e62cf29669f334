"""``commonweal curate``: from accepted submissions to the combined dataset."""

import typer

from commonweal.cli.output import JsonOption, print_json
from commonweal.cli.progress import Bars
from commonweal.cli.summary import print_curation
from commonweal.engine.settings import read_settings
from commonweal.pipeline.build import run_curation
from commonweal.pipeline.summary import summarize_curation


def curate(*, json: JsonOption = False) -> None:
    """Run the stages from the sites' accepted submissions to the combined dataset.

    Every dropped row is kept in the evidence, with the rule that dropped it. Work that was
    done before is not done again.

    Example: commonweal curate
    """
    with Bars() as bars:
        curated = run_curation(read_settings(), bars)
    summary = summarize_curation(curated)
    if json:
        print_json(summary)
    else:
        print_curation(summary)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(curate)
