"""Nothing that the check says, in whatever form, holds a value of the files it has read.

Marker values are planted in every column of every table and in every kind of damage.
"""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.intake_folders import write_persons
from tests.marked_folder import NUMBER, TRACES, WORD, write_marked

from commonweal.cli.main import main
from commonweal.intake.findings import all_kinds
from commonweal.schema.model import get_model

FORMS = ("json", "html", "csv", "junit")
UNTOLD = {
    # What is said of a folder, of a file as a whole or of one that is not there.
    *(code for code in all_kinds() if code.split(".")[0] in ("folder", "file")),
    # What the comparison with the programme's participants says, which the check does not make.
    *(code for code in all_kinds() if code.split(".")[0] in ("consent", "identity")),
    "encoding.utf16",
    "header.malformed",
    "structure.cr_line_ends",
    "structure.record_too_long",
    "pii.not_submitted",
    "key.not_checked",
    # What these say of concepts needs known ones, which are no markers.
    "concept.unknown",
    "concept.not_abridged",
    "concept.not_standard",
    "concept.wrong_domain",
    "concept.not_mapped",
    "concept.mapped_elsewhere",
}

Say = Callable[..., dict[str, str]]


@pytest.fixture
def say(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> Say:
    """All that one run of the check gives away, by the form it takes."""
    monkeypatch.setenv("COMMONWEAL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.DEBUG)

    def run(folder: Path, *options: str) -> dict[str, str]:
        forms = [f"--{form}={tmp_path / form}" for form in FORMS]
        arguments = ["commonweal", "check", str(folder), *forms, *options]
        monkeypatch.setattr("sys.argv", arguments)
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 1
        said = capsys.readouterr()
        written = {form: (tmp_path / form).read_text("utf-8") for form in FORMS}
        return written | {"terminal": said.out, "stderr": said.err, "logs": caplog.text}

    return run


def read_codes(said: dict[str, str]) -> set[str]:
    report = json.loads(said["json"])
    findings = report["findings"] + [f for file in report["files"] for f in file["findings"]]
    return {finding["code"] for finding in findings}


@pytest.fixture
def marked(tmp_path: Path) -> Path:
    folder = tmp_path / "marked"
    write_persons(folder, 1)
    write_marked(folder, get_model("programme"))
    return folder


def test_no_marker_is_told(marked: Path, say: Say) -> None:
    said = say(marked)
    for form, text in said.items():
        for trace in TRACES:
            assert trace not in text, f"{trace} in {form}: {text[text.index(trace) - 300 :][:400]}"
    expected = {code for code in all_kinds() if not code.startswith("sprint.")} - UNTOLD
    assert expected - read_codes(said) == set()


def test_no_marker_is_told_of_a_sprint(marked: Path, say: Say) -> None:
    said = say(marked, "--dialect=sprint")
    for form, text in said.items():
        for trace in TRACES:
            assert trace not in text, f"{trace} in {form}: {text[text.index(trace) - 300 :][:400]}"
    assert any(code.startswith("sprint.") for code in read_codes(said))


def test_markers_are_told_where_values_are_asked_for(marked: Path, say: Say) -> None:
    said = say(marked, "--show-values")
    for form in (*FORMS, "terminal"):
        assert WORD in said[form], form
        assert NUMBER in said[form], form
