"""``commonweal serve`` and ``commonweal manage``: the hub, and Django's own commands."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from commonweal.cli.output import ERR, OUT
from commonweal.engine.settings import Settings, read_settings
from commonweal.hub.commands import SETTINGS_MODULE as WORKER_SETTINGS
from commonweal.hub.environment import build_environment
from commonweal.hub.frontend import find_missing_files
from commonweal.hub.manage import run_manage
from commonweal.hub.provision import Credential, prepare_hub
from commonweal.hub.server import STOP_SECONDS, run_hub, wait_for_end
from commonweal.publish.pointer import find_current
from commonweal.schema.errors import CommonwealError


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("serve")(serve)
    app.command(
        "manage",
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
        add_help_option=False,
    )(manage)


PublicPort = Annotated[
    int | None,
    typer.Option(min=1, max=65535, show_default="8000", help="Port of the public pages."),
]
WorkbenchPort = Annotated[
    int | None,
    typer.Option(min=1, max=65535, show_default="8001", help="Port of the workbench."),
]
SitesPort = Annotated[
    int | None,
    typer.Option(min=1, max=65535, show_default="8002", help="Port of the pages for sites."),
]


def serve(
    public_port: PublicPort = None,
    workbench_port: WorkbenchPort = None,
    sites_port: SitesPort = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes per web server.")] = 2,
    *,
    worker: Annotated[
        bool,
        typer.Option(
            "--worker/--no-worker",
            help="Also take in what sites send, and send mail; or leave it to another process.",
        ),
    ] = True,
) -> None:
    """Serve the public pages, the workbench and the pages for sites until stopped.

    The public pages need no account and open nothing but the published figures; the
    workbench and the pages for sites are processes of their own. Stop all with Ctrl-C.

    Example: commonweal serve

    Example: commonweal serve --public-port 8080 --workbench-port 8081
    """
    settings = use_ports(
        read_settings(), public=public_port, workbench=workbench_port, sites=sites_port
    )
    check_home(settings)
    prepare_hub(settings, demo_accounts=False)
    serve_hub(settings, workers=workers, worker=worker)


def serve_hub(
    settings: Settings,
    *,
    workers: int = 2,
    worker: bool = True,
    credentials: list[Credential] | None = None,
) -> None:
    """Start the hub, say where it is, and wait until it is stopped."""
    _warn(settings)
    with running_worker(settings, wanted=worker), run_hub(settings, workers=workers) as running:
        for process in running:
            OUT.print(f"{process.name.capitalize():<10} {process.address}")
        print_credentials(credentials or [])
        ERR.print("Stop with Ctrl-C.")
        wait_for_end(running)
    ERR.print("Stopped.")


@contextmanager
def running_worker(settings: Settings, *, wanted: bool) -> Iterator[None]:
    """A worker beside the web processes, stopped with them; nothing when it is not wanted."""
    if not wanted:
        yield
        return
    started = subprocess.Popen(
        [sys.executable, "-c", "from commonweal.cli.main import main; main()", "worker"],
        env=build_environment(settings, django_settings=WORKER_SETTINGS),
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        started.terminate()
        try:
            started.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


def print_credentials(credentials: list[Credential]) -> None:
    """Show the demo accounts: new ones with their passwords, which is done once."""
    new = [credential for credential in credentials if credential.password is not None]
    known = [credential.email for credential in credentials if credential.password is None]
    for credential in new:
        OUT.print(f"Sign in as {credential.email} with password {credential.password}")
    if new:
        ERR.print("These passwords are shown this once.")
    if known:
        OUT.print(f"Demo accounts: {', '.join(known)} (passwords were shown the first time).")
        ERR.print("`commonweal manage changepassword EMAIL` sets a new one.")


def use_ports(settings: Settings, **given: int | None) -> Settings:
    """The settings with the ports of the command line, where given, by name of the process."""
    ports = {f"{name}_port": port for name, port in given.items() if port is not None}
    return settings.model_copy(update={"hub": settings.hub.model_copy(update=ports)})


def manage(context: typer.Context) -> None:
    """Run one of Django's commands on the hub's database.

    Example: commonweal manage migrate

    Example: commonweal manage changepassword researcher@demo.example
    """
    settings = read_settings()
    check_home(settings)
    raise typer.Exit(run_manage(settings, context.args))


def check_home(settings: Settings) -> None:
    """Serving makes no programme: a mistyped folder must not become an empty hub.

    Raises:
        CommonwealError: there is no folder at ``home``.
    """
    if not settings.home.is_dir():
        raise CommonwealError(
            f"There is no programme at {settings.home.absolute()}.",
            expected="the folder the setting `home` names",
            fix="Check COMMONWEAL_HOME or `home` in commonweal.toml; for a new programme, make "
            "the folder first. `commonweal demo` makes a demonstration.",
        )


def _warn(settings: Settings) -> None:
    """Say what will be missing on the pages."""
    if find_current(settings.home) is None:
        ERR.print(
            f"No release has been published in {settings.home} yet: the public pages "
            "will say so. `commonweal release build` makes one.",
            style="yellow",
        )
    missing = find_missing_files()
    if missing:
        ERR.print(
            f"The pages will look bare: {', '.join(missing)} is missing. "
            "Run `python scripts/build_frontend.py`.",
            style="yellow",
        )
