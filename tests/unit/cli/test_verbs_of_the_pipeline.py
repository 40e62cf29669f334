"""``curate``, ``release`` and ``demo`` as somebody meets them for the first time."""

import json
import sys
from pathlib import Path

import pytest
from tests.small_programme import NOW, make_small_programme

from commonweal.cli.main import main
from commonweal.pipeline.build import run_build
from commonweal.pipeline.progress import Silent
from commonweal.schema.errors import ExitCode

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def built_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("cli") / "home"
    run_build(make_small_programme(home), Silent(), now=NOW)
    return home


def run(arguments: list[str], home: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the command line in this process; its exit code."""
    monkeypatch.chdir(home.parent)
    monkeypatch.setenv("COMMONWEAL_HOME", str(home))
    monkeypatch.setenv("COMMONWEAL_PROGRAMME__SYNTHETIC", "true")
    monkeypatch.setattr(sys, "argv", ["commonweal", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_list_says_when_there_is_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert run(["release", "list"], tmp_path / "home", monkeypatch) == ExitCode.OK
    assert "No release has been built yet" in capsys.readouterr().out


@pytest.mark.parametrize("verb", [["curate"], ["release", "build"]])
def test_without_a_cutoff_the_user_is_told_where_to_write_it(
    verb: list[str],
    built_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
) -> None:
    assert run(verb, built_home, monkeypatch) == ExitCode.COULD_NOT_RUN
    said = capsys.readouterr().err
    assert "no cut-off date" in said
    assert "commonweal.toml" in said


def test_curate_and_build_print_what_left_and_why(
    built_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("COMMONWEAL_PROGRAMME__CUTOFF", "2026-10-01")
    assert run(["curate"], built_home, monkeypatch) == ExitCode.OK
    assert "conf.pk_unique" in capsys.readouterr().out
    assert run(["release", "build", "--json"], built_home, monkeypatch) == ExitCode.OK
    summary = json.loads(capsys.readouterr().out)
    assert [release["id"] for release in summary["releases"]] == ["R2026Q4R1", "C2026Q4R1"]


def test_list_and_show_name_what_is_there(
    built_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert run(["release", "list", "--json"], built_home, monkeypatch) == ExitCode.OK
    assert {r["id"] for r in json.loads(capsys.readouterr().out)} == {"C2026Q4R1", "R2026Q4R1"}
    assert run(["release", "show", "R2026Q4R1"], built_home, monkeypatch) == ExitCode.OK
    said = capsys.readouterr().out
    assert "SYNTHETIC" in said
    assert "condition_occurrence" in said


@pytest.mark.parametrize("wrong", ["R2026Q4R9", "nonsense", "../../etc"])
def test_an_unknown_release_is_a_sentence(
    wrong: str, built_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert run(["release", "show", wrong], built_home, monkeypatch) == ExitCode.COULD_NOT_RUN
    assert "Traceback" not in capsys.readouterr().err


def test_verify_finds_a_changed_byte(
    built_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    assert run(["release", "verify", "C2026Q4R1"], built_home, monkeypatch) == ExitCode.OK
    pointer = json.loads((built_home / "releases" / "C2026Q4R1.json").read_text())
    file = built_home / "releases" / "objects" / pointer["content_hash"] / "person.parquet"
    file.chmod(0o644)
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)
    assert run(["release", "verify", "C2026Q4R1"], built_home, monkeypatch) == ExitCode.REJECTED
    assert "person.parquet" in capsys.readouterr().out


def test_demo_tells_what_to_install_when_its_data_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("commonweal.pipeline.demo.gibleed.find_spec", lambda _: None)
    assert run(["demo", "--build-only"], tmp_path / "home", monkeypatch) == ExitCode.COULD_NOT_RUN
    assert "pip install 'commonweal[demo]'" in capsys.readouterr().err


def test_vocabulary_is_looked_up_by_words_code_and_number(
    built_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    for text in ("type 2 diabetes", "44054006", "201826"):
        assert run(["vocabulary", "search", text, "--json"], built_home, monkeypatch) == 0
        assert [c["id"] for c in json.loads(capsys.readouterr().out)] == [201826]
    assert run(["vocabulary", "info", "--json"], built_home, monkeypatch) == 0
    about = json.loads(capsys.readouterr().out)
    assert about["rows"] == {"concept": 2}
    assert [share["name"] for share in about["licences"]] == ["snomed"]
    assert not about["abridged"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'home="\xff\xfe"', "not UTF-8"),
        (b"home = ", "cannot be read"),
        (
            b"hom = 'x'",
            "hom is not a setting (there are drop, engine, home, hub, mail, programme, storage)",
        ),
        (b"[engine]\nthread = 2", "engine.thread is not a setting (there are memory_limit"),
        (b"home = 's3://bucket/x'", "not a URL"),
    ],
)
def test_broken_settings_are_a_sentence(
    content: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (tmp_path / "commonweal.toml").write_bytes(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["commonweal", "release", "list"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == ExitCode.COULD_NOT_RUN
    assert said in capsys.readouterr().err


def test_a_home_that_is_a_file_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    (tmp_path / "home").write_text("not a folder")
    monkeypatch.setenv("COMMONWEAL_PROGRAMME__CUTOFF", "2026-10-01")
    assert run(["release", "build"], tmp_path / "home", monkeypatch) == ExitCode.COULD_NOT_RUN
    said = capsys.readouterr().err
    assert "a file has that name" in said
    assert "What to do" in said
