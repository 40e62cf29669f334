"""The page of the manual that lists every verb, made from the verbs themselves."""

import inspect
import re
from collections.abc import Iterator

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from commonweal.cli.main import build_app

EXAMPLE = re.compile(r"^Example:\s*(.+(?:\n.+)*)\n*", re.MULTILINE)
VERBATIM = "\b\n"
"""How a paragraph begins that Typer must not fold."""
MARKUP = re.compile(r"\[/?[a-z ]*\]")
INTRODUCTION = """# Command line

Every verb prints its result to standard output and everything else to standard error. With
`--json` the result is one JSON value. Exit codes: 0 done or accepted, 1 rejected or not as it
should be, 2 could not run.
"""


def build_command_page() -> str:
    """The whole page, verbs in alphabetical order."""
    sections = [render_verb(path, verb) for path, verb in walk_verbs()]
    return "\n".join([INTRODUCTION, *sections])


def walk_verbs() -> Iterator[tuple[str, TyperCommand]]:
    """Every verb with its full name, such as ``release list``."""
    command = typer.main.get_command(build_app())
    if isinstance(command, TyperGroup):
        yield from _walk(command, "")


def _walk(group: TyperGroup, prefix: str) -> Iterator[tuple[str, TyperCommand]]:
    for name, command in sorted(group.commands.items()):
        if isinstance(command, TyperGroup):
            yield from _walk(command, f"{prefix}{name} ")
        elif isinstance(command, TyperCommand) and not command.hidden:
            yield f"{prefix}{name}", command


def render_verb(path: str, verb: TyperCommand) -> str:
    """One verb: its line of use, what it does, its options, an example."""
    text = MARKUP.sub("", inspect.cleandoc(verb.help or ""))
    parts = [f"## {path}", f"```text\n{find_usage(path, verb)}\n```", EXAMPLE.sub("", text).strip()]
    rows = [_render_parameter(verb, parameter) for parameter in _get_shown(verb)]
    if rows:
        parts.append("\n".join(["| argument or option | what it does |", "|---|---|", *rows]))
    if examples := find_examples(verb):
        parts.append("\n".join(["```console", *examples, "```"]))
    parts += [_render_paragraph(text) for text in (verb.epilog or "").strip().split("\n\n") if text]
    return "\n\n".join(parts) + "\n"


def find_usage(path: str, verb: TyperCommand) -> str:
    """The line of use: arguments by name, then a mark for the options."""
    arguments = [p for p in verb.params if isinstance(p, TyperArgument)]
    names = [p.name.upper() if p.required else f"[{p.name.upper()}]" for p in arguments if p.name]
    return " ".join(["commonweal", path, *names, "[OPTIONS]"])


def find_examples(verb: TyperCommand) -> list[str]:
    """The commands that the verb's help text gives as examples, each on one line."""
    return [" ".join(found.split()) for found in EXAMPLE.findall(inspect.cleandoc(verb.help or ""))]


def _render_paragraph(text: str) -> str:
    if text.startswith(VERBATIM):
        return f"```text\n{text.removeprefix(VERBATIM)}\n```"
    return text


def _get_shown(verb: TyperCommand) -> list[TyperArgument | TyperOption]:
    return [
        parameter
        for parameter in verb.params
        if isinstance(parameter, TyperArgument | TyperOption) and not parameter.hidden
    ]


def _render_parameter(verb: TyperCommand, parameter: TyperArgument | TyperOption) -> str:
    if isinstance(parameter, TyperArgument):
        name = (parameter.metavar or parameter.name or "").upper()
    else:
        name = ", ".join([*parameter.opts, *parameter.secondary_opts])
        if not parameter.is_flag:
            name += f" {parameter.metavar or parameter.display_type(typer.Context(verb))}"
    words = " ".join((parameter.help or "").split())
    return f"| `{name.replace('|', chr(92) + '|')}` | {words.replace('|', chr(92) + '|')} |"
