"""Every verb is documented, with an example that its own parser accepts."""

import re
import shlex
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup, TyperOption

from commonweal.cli.main import build_app
from commonweal.cli.manual import build_command_page, find_examples, walk_verbs

REPOSITORY = Path(__file__).resolve().parents[2]
VERBS = dict(walk_verbs())
MANUAL = [
    file
    for file in [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")]
    if "docs/adr" not in file.as_posix()
]
FENCE = re.compile(r"^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROGRAMME = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?commonweal\b *(.*)$")


def find_commands(text: str) -> list[str]:
    """What follows ``commonweal`` on every line of the console blocks of a page."""
    lines = (
        line for block in FENCE.findall(text) for line in block.replace("\\\n", "").splitlines()
    )
    return [found[1].partition(" #")[0] for line in lines if (found := PROGRAMME.match(line))]


def find_fault(command: str) -> str | None:
    """What the command line would refuse about a documented command."""
    words = shlex.split(command)
    verb = typer.main.get_command(build_app())
    path: list[str] = []
    while isinstance(verb, TyperGroup) and words and not words[0].startswith("-"):
        path.append(words.pop(0))
        if path[-1] not in verb.commands:
            return f"there is no verb {' '.join(path)}"
        verb = verb.commands[path[-1]]
    options = {
        name
        for parameter in verb.params
        if isinstance(parameter, TyperOption)
        for name in [*parameter.opts, *parameter.secondary_opts]
    } | {"--help"}
    unknown = [
        word for word in words if word.startswith("--") and word.split("=")[0] not in options
    ]
    return f"{' '.join(path)} has no option {unknown}" if unknown else None


@pytest.mark.parametrize("path", VERBS)
def test_verb_says_what_it_does(path: str) -> None:
    verb = VERBS[path]
    assert verb.help, f"{path} has no help text"
    assert all(parameter.help for parameter in verb.params if isinstance(parameter, TyperOption)), (
        f"an option of {path} has no help text"
    )


@pytest.mark.parametrize("path", VERBS)
def test_verb_gives_an_example_of_itself(path: str) -> None:
    examples = find_examples(VERBS[path])
    assert examples, f"the help text of {path} has no Example:"
    assert all(example.startswith(f"commonweal {path}") for example in examples)
    faults = [find_fault(example.removeprefix("commonweal ")) for example in examples]
    assert [fault for fault in faults if fault] == []


def test_page_lists_every_verb() -> None:
    page = (REPOSITORY / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == list(VERBS)
    assert page.endswith(build_command_page()), "run `make fix`"


@pytest.mark.parametrize("file", MANUAL, ids=lambda file: file.name)
def test_documented_commands_exist(file: Path) -> None:
    faults = [find_fault(command) for command in find_commands(file.read_text(encoding="utf-8"))]
    assert [fault for fault in faults if fault] == []


def test_a_command_that_does_not_exist_is_seen() -> None:
    page = "```console\n$ commonweal confg\ncommonweal config --jsn  # prints\nls\n```\n"
    assert [find_fault(command) for command in find_commands(page)] == [
        "there is no verb confg",
        "config has no option ['--jsn']",
    ]
