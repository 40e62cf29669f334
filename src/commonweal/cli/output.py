"""How every verb speaks: results to standard output, everything else to standard error."""

import json
from typing import Annotated, Any

import typer
from rich.console import Console

OUT = Console(highlight=False, soft_wrap=True)
"""Results."""
ERR = Console(stderr=True, highlight=False, soft_wrap=True)
"""Progress, warnings and errors."""

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON, for other programs to read.")
]


def print_json(value: Any) -> None:
    """Print a result for programs: nothing else goes to standard output."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def print_json_line(value: Any) -> None:
    """One of many results for programs, on a line of its own, at once."""
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))
