"""``commonweal demo``: the whole way, from hospitals' files to a hub on this machine."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from commonweal.cli.output import OUT, JsonOption, print_json
from commonweal.cli.progress import Bars
from commonweal.cli.serve import (
    PublicPort,
    SitesPort,
    WorkbenchPort,
    print_credentials,
    serve_hub,
    use_ports,
)
from commonweal.cli.summary import new_table, print_build
from commonweal.engine.settings import Settings, read_settings
from commonweal.hub.provision import Credential, prepare_hub
from commonweal.hub.worker import index_sites
from commonweal.intake.findings import Severity
from commonweal.intake.terminal import VERDICT_STYLES
from commonweal.pipeline.demo.programme import Demonstration, get_demo_settings, run_demo
from commonweal.pipeline.handing_in import HandedIn
from commonweal.pipeline.summary import summarize_build

HomeOption = Annotated[
    Path, typer.Option("--home", help="Folder of the demonstration; made when it is not there.")
]
BuildOption = Annotated[
    bool, typer.Option("--build-only", help="Build everything and stop, without serving the hub.")
]


def demo(
    *,
    home: HomeOption = Path("commonweal-demo"),
    build_only: BuildOption = False,
    public_port: PublicPort = None,
    workbench_port: WorkbenchPort = None,
    sites_port: SitesPort = None,
    json: JsonOption = False,
) -> None:
    """Build a demonstration programme and serve its hub on this machine.

    Seven sites hand in their data: GiBleed, a public data set of 2,694 made-up patients with
    faults of its own, and six made-up hospitals, of which at least one is rejected at its first
    try. Each has come through its onboarding, and an eighth site still practises in the data
    sprint. All is checked, curated, de-identified, released and published. A release to train on
    is made as well. Running it again changes nothing.

    Example: commonweal demo

    Example: commonweal demo --build-only --home my-demo
    """
    settings = get_demo_settings(read_settings(), home)
    settings = use_ports(settings, public=public_port, workbench=workbench_port, sites=sites_port)
    with Bars() as bars:
        demonstration = run_demo(settings, bars, now=datetime.now(tz=UTC))
    credentials = prepare_hub(settings)
    index_sites(settings)
    if json:
        print_json(_summarize(demonstration, credentials))
    else:
        _print(demonstration, settings)
    unsaid = [] if json else credentials
    if build_only:
        print_credentials(unsaid)
    else:
        serve_hub(settings, credentials=unsaid)


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(demo)


def _summarize(demonstration: Demonstration, credentials: list[Credential]) -> dict[str, Any]:
    return {
        "handed_in": [
            {
                "site": handed.site.name,
                "submission": handed.submission.id,
                "verdict": handed.report.verdict,
                "errors": handed.report.count(Severity.ERROR),
                "warnings": handed.report.count(Severity.WARNING),
            }
            for handed in demonstration.handed_in
        ],
        **summarize_build(demonstration.built),
        "training_release": demonstration.training.id,
        "accounts": [{"email": c.email, "password": c.password} for c in credentials],
    }


def _print(demonstration: Demonstration, settings: Settings) -> None:
    OUT.print(_handed_in(demonstration.handed_in), soft_wrap=False)
    for handed in demonstration.handed_in:
        report = handed.submission.folder / "report.html"
        OUT.print(f"Report to {handed.site.title}: {report}")
    OUT.print()
    print_build(summarize_build(demonstration.built))
    OUT.print(f"To train on: {demonstration.training.id}, all of it made up.")
    OUT.print(
        f"Everything is in {settings.home}. The verbs of commonweal, run in that folder, work "
        "on it; try: commonweal release list\n"
    )


def _handed_in(handed_in: tuple[HandedIn, ...]) -> Table:
    table = new_table("Handed in", "Submission", "Site", "Verdict", "Rows", "Errors", "Warnings")
    for handed in handed_in:
        report = handed.report
        table.add_row(
            handed.submission.id,
            handed.site.title,
            Text(report.verdict, style=VERDICT_STYLES[report.verdict]),
            f"{sum(file.seen_rows for file in report.files):,}",
            f"{report.count(Severity.ERROR):,}",
            f"{report.count(Severity.WARNING):,}",
        )
    return table
