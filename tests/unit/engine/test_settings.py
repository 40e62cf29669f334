"""Settings: where a value comes from, and what may be shown of it."""

import json
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from commonweal.cli.config import flatten
from commonweal.cli.main import build_app
from commonweal.engine.settings import Settings, read_settings
from commonweal.schema.errors import CommonwealError

SECRET = "a-key-nobody-may-see"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder; ``commonweal.toml`` is looked for there."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_defaults_need_no_file() -> None:
    settings = read_settings()
    assert settings.home == Path("commonweal-data")
    assert settings.engine.memory_limit == "1GB"
    assert settings.programme.synthetic is False


def test_environment_goes_before_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toml = '[engine]\nmemory_limit = "2GB"\nthreads = 3\n[programme]\ncutoff = 2026-01-31\n'
    (folder / "commonweal.toml").write_text(toml, encoding="utf-8")
    monkeypatch.setenv("COMMONWEAL_ENGINE__MEMORY_LIMIT", "4GB")
    settings = read_settings()
    assert settings.engine.memory_limit == "4GB"
    assert settings.engine.threads == 3
    assert settings.programme.cutoff == date(2026, 1, 31)


def test_command_line_goes_before_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONWEAL_HOME", "elsewhere")
    assert read_settings().home == Path("elsewhere")
    assert read_settings(home=Path("here")).home == Path("here")


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ("[engine]\nmemory = '2GB'\n", "engine.memory is not a setting"),
        ("hom = 'x'\n", "hom is not a setting"),
        ("[engine]\nmemory_limit = 'lots'\n", "engine.memory_limit:"),
        ("[engine]\nthreads = 0\n", "engine.threads:"),
        ("[hub]\npublic_port = 70000\n", "hub.public_port:"),
    ],
)
def test_what_does_not_fit_is_named(folder: Path, toml: str, named: str) -> None:
    (folder / "commonweal.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(CommonwealError) as caught:
        read_settings()
    assert named in caught.value.found
    assert "commonweal.toml" in caught.value.fix


def test_a_broken_file_is_a_sentence(folder: Path) -> None:
    (folder / "commonweal.toml").write_text("engine = [", encoding="utf-8")
    with pytest.raises(CommonwealError, match="cannot be read"):
        read_settings()


def test_a_faulty_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONWEAL_HUB__SECRET_KEY_FILE", "/nowhere/key")
    with pytest.raises(CommonwealError, match="/nowhere/key"):
        read_settings()
    monkeypatch.setenv("COMMONWEAL_ENGINE__MEMORY_LIMIT", SECRET)
    with pytest.raises(CommonwealError) as caught:
        read_settings()
    assert SECRET not in str(caught.value)


def test_secret_comes_from_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "key").write_text(f"{SECRET}\n", encoding="utf-8")
    monkeypatch.setenv("COMMONWEAL_HUB__SECRET_KEY_FILE", str(folder / "key"))
    key = read_settings().hub.secret_key
    assert key is not None
    assert key.get_secret_value() == SECRET


def test_settings_cannot_change() -> None:
    settings: Settings = read_settings()
    with pytest.raises(ValidationError):
        settings.home = Path("other")  # type: ignore[misc]  # the test is that this fails


def test_config_prints_settings_and_masks_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COMMONWEAL_HUB__SECRET_KEY", SECRET)
    plain = CliRunner().invoke(build_app(), ["config"])
    as_json = CliRunner().invoke(build_app(), ["config", "--json"])
    assert plain.exit_code == as_json.exit_code == 0
    assert SECRET not in plain.output + as_json.output
    assert "engine.memory_limit = 1GB" in plain.output
    assert json.loads(as_json.output)["hub"]["secret_key"] == "**********"


def test_flatten_names_settings_with_dots() -> None:
    assert list(flatten({"a": {"b": 1, "c": {"d": None}}, "e": []})) == [
        ("a.b", 1),
        ("a.c.d", None),
        ("e", []),
    ]


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("COMMONWEAL_HUB", "{bad", "hub"),
        ("COMMONWEAL_PROGRAMME", "x", "programme"),
        ("COMMONWEAL_PROGRAM__NAME", "x", "COMMONWEAL_PROGRAM__NAME is not a setting"),
        ("COMMONWEAL_HOUSE", "x", "COMMONWEAL_HOUSE is not a setting"),
    ],
)
def test_a_variable_that_does_not_fit_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(CommonwealError) as caught:
        read_settings()
    assert said in caught.value.found
    assert "{bad" not in str(caught.value)


def test_names_of_hosts_are_divided_by_commas(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONWEAL_HUB__ALLOWED_HOSTS", "hub.example.org, data.example.org")
    assert read_settings().hub.allowed_hosts == ("hub.example.org", "data.example.org")
    monkeypatch.delenv("COMMONWEAL_HUB__ALLOWED_HOSTS")
    monkeypatch.setenv("COMMONWEAL_HUB", '{"allowed_hosts": ["one.example.org"]}')
    assert read_settings().hub.allowed_hosts == ("one.example.org",)
