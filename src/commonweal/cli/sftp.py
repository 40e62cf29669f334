"""``commonweal sftp``: the SFTP drop, and the keys that open it."""

import os
import sys
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from commonweal.cli.output import ERR, OUT, JsonOption, print_json
from commonweal.cli.serve import check_home
from commonweal.engine.settings import read_settings
from commonweal.intake.sftp.host_key import get_host_key, read_host_fingerprint
from commonweal.intake.sftp.keys import StewardKey, add_key, list_keys, remove_key
from commonweal.schema.errors import CommonwealError

sftp = typer.Typer(no_args_is_help=True, help="Serve the SFTP drop; manage the keys that open it.")
key = typer.Typer(no_args_is_help=True, help="The public keys of stewards, for each site.")
sftp.add_typer(key, name="key")

SiteOption = Annotated[str, typer.Option(help="The registered site.")]


@sftp.command("serve")
def serve(
    host: Annotated[
        str | None, typer.Option(show_default="127.0.0.1", help="Address to listen on.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, show_default="2022", help="Port; 0 takes a free one and says which."
        ),
    ] = None,
) -> None:
    """Serve the SFTP drop until stopped.

    Stewards sign in as their site, with a key that was added for them, and see the drop area
    of the site alone: they can make folders, put files and hand in. Stop with Ctrl-C.

    Example: commonweal sftp serve --host 0.0.0.0 --port 2022
    """
    settings = read_settings()
    check_home(settings)
    if find_spec("asyncssh") is None:
        raise CommonwealError(
            "The SFTP server is not installed.",
            expected="the package asyncssh",
            fix="Install Commonweal with its sftp extra: pip install 'commonweal[sftp]'",
        )
    fingerprint = read_host_fingerprint(get_host_key(settings.home))
    ERR.print(f"Host key {fingerprint}; tell it to the stewards, who compare it.")
    address = (
        host or settings.drop.sftp_host,
        str(settings.drop.sftp_port if port is None else port),
    )
    command = [sys.executable, "-m", "commonweal.intake.sftp", *address]
    os.execv(sys.executable, command)  # noqa: S606  (our own command; it takes our place)


@key.command("add")
def add(
    file: Annotated[Path, typer.Argument(help="The public key: a file that ends in .pub.")],
    *,
    site: SiteOption,
    steward: Annotated[str, typer.Option(help="Email address of the steward's account.")],
) -> None:
    """Let a steward in, who keeps the private half of the key.

    The steward's account has to be open. The key opens nothing once it is closed.

    Example: commonweal sftp key add anna.pub --site general_hospital --steward anna@general.example
    """
    text = file.read_text(encoding="utf-8", errors="replace")
    added = add_key(
        read_settings().home, site=site, steward=steward, text=text, now=datetime.now(tz=UTC)
    )
    OUT.print(f"{added.fingerprint} opens the drop of {site} for {added.steward}.")


@key.command("list")
def list_all(*, site: SiteOption, json: JsonOption = False) -> None:
    """List the keys that open a site's drop.

    Example: commonweal sftp key list --site general_hospital
    """
    found = list_keys(read_settings().home, site)
    if json:
        print_json([one.to_json() for one in found])
    elif found:
        OUT.print(_table(found), soft_wrap=False)
    else:
        OUT.print(f"No key opens the drop of {site}. Start with: commonweal sftp key add --help")


@key.command("remove")
def remove(
    fingerprint: Annotated[str, typer.Argument(help="As the list shows it: SHA256:…")],
    *,
    site: SiteOption,
) -> None:
    """Take a key away, for good; it opens nothing from now on.

    Example: commonweal sftp key remove SHA256:WB1U… --site general_hospital
    """
    gone = remove_key(
        read_settings().home, site=site, fingerprint=fingerprint, now=datetime.now(tz=UTC)
    )
    OUT.print(f"The key of {gone.steward} opens the drop of {site} no more.")


def _table(found: list[StewardKey]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Steward", "Fingerprint", "Added"):
        table.add_column(heading, overflow="fold")
    for one in found:
        table.add_row(one.steward, one.fingerprint, f"{one.added_at:%Y-%m-%d}")
    return table


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.add_typer(sftp, name="sftp")
