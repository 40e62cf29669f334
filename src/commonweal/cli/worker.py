"""``commonweal worker``: everything that happens behind the pages, round after round."""

import signal
import threading
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from commonweal.cli.output import ERR, OUT, JsonOption, print_json_line
from commonweal.cli.receive import print_outcomes, run_round
from commonweal.cli.serve import check_home
from commonweal.engine.settings import Settings, read_settings
from commonweal.hub.provision import prepare_hub
from commonweal.hub.worker import bring_up_to_date
from commonweal.intake.lifecycle.receive import Outcome
from commonweal.intake.sites import list_sites
from commonweal.schema.errors import CommonwealError

DEFAULT_SECONDS = 60.0


def worker(
    *,
    seconds: Annotated[
        float, typer.Option(min=1, help="How long to wait between two rounds.")
    ] = DEFAULT_SECONDS,
    once: Annotated[bool, typer.Option("--once", help="One round, and no more.")] = False,
    json: JsonOption = False,
) -> None:
    """Take in what sites have sent, bring the pages up to date, remind, and send mail.

    One worker for a programme is enough; a second one waits for its turn. It alone opens
    what was submitted. Stop it with Ctrl-C: whatever it was at is taken up in the next round.

    Example: commonweal worker

    Example: commonweal worker --once --json
    """
    settings = read_settings()
    check_home(settings)
    prepare_hub(settings, demo_accounts=False)
    if once:
        _work(settings, set(), json=json)
        return
    stopped = threading.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        signal.signal(wanted, lambda *_: stopped.set())
    ERR.print(f"Working, every {seconds:g} seconds. Stop with Ctrl-C.")
    told: set[Outcome] = set()
    while not stopped.is_set():
        try:
            told = _work(settings, told, json=json)
        except CommonwealError as error:
            ERR.print(str(error))
        stopped.wait(seconds)
    ERR.print("Stopped.")


def _work(settings: Settings, told: set[Outcome], *, json: bool) -> set[Outcome]:
    """One round; gives what was said of whole drop areas, so that it is said once."""
    outcomes = run_round(settings, list_sites(settings.home))
    new = [outcome for outcome in outcomes if outcome not in told]
    counted = bring_up_to_date(settings)
    _print(new, counted, json=json)
    return {outcome for outcome in outcomes if not outcome.folder}


def _print(
    outcomes: list[Outcome], counted: Mapping[str, Mapping[str, Any]], *, json: bool
) -> None:
    if json:
        print_json_line({"received": [one.to_json() for one in outcomes], **counted})
        return
    if outcomes:
        print_outcomes(outcomes)
    for command, counts in counted.items():
        said = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
        if said:
            OUT.print(f"{command}: {said}")


def register(app: typer.Typer) -> None:
    """Add the verb to the command line."""
    app.command()(worker)
