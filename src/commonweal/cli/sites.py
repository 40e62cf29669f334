"""``commonweal sites``: the organisations that send data."""

from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from commonweal.cli.output import OUT, JsonOption, print_json
from commonweal.engine.settings import read_settings
from commonweal.intake.sites import Purpose, Site, list_sites, register_site

sites = typer.Typer(no_args_is_help=True, help="Register and list the sites that send data.")

IsaOption = Annotated[
    datetime | None,
    typer.Option(
        "--isa-date",
        formats=["%Y-%m-%d"],
        help="Day the information security agreement was signed.",
    ),
]


@sites.command("register")
def register_one(
    name: Annotated[str, typer.Argument(help="Short name, such as general_hospital.")],
    *,
    title: Annotated[str, typer.Option(help="Full name.")],
    state: Annotated[str, typer.Option(help="Where it is, such as MA.")] = "",
    isa_date: IsaOption = None,
    purpose: Annotated[
        list[Purpose] | None,
        typer.Option(help="What it may send; say it once for each. All when left out."),
    ] = None,
    drop_url: Annotated[
        str,
        typer.Option(help="Where it puts files, such as s3://bucket/site; a folder here if not."),
    ] = "",
) -> None:
    """Add a site to the registry, for good.

    Example: commonweal sites register general_hospital --title "General Hospital"
    """
    signed = isa_date.date() if isa_date else None
    site = Site(name, title, state, signed, tuple(purpose or Purpose), drop_url)
    register_site(read_settings().home, site)
    OUT.print(f"The site {name} is registered.", markup=False)


@sites.command("list")
def list_all(*, json: JsonOption = False) -> None:
    """List the registered sites.

    Example: commonweal sites list
    """
    found = list_sites(read_settings().home)
    if json:
        print_json([site.to_json() for site in found])
    elif found:
        OUT.print(_table(found), soft_wrap=False)
    else:
        OUT.print("No site is registered yet. Start with: commonweal sites register --help")


def _table(found: list[Site]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("Site", "Name", "State", "Agreement", "May send"):
        table.add_column(heading)
    for site in found:
        signed = site.isa_date.isoformat() if site.isa_date else "none"
        table.add_row(site.name, site.title, site.state, signed, ", ".join(site.purposes))
    return table


def register(app: typer.Typer) -> None:
    """Add the verbs to the command line."""
    app.add_typer(sites, name="sites")
