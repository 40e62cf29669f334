"""What stands between the settings and the processes: keys, environment, cache, accounts."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from commonweal.cli.serve import print_credentials
from commonweal.engine.settings import HubSettings, ProgrammeSettings, Settings, read_settings
from commonweal.hub.common.context import find_address
from commonweal.hub.environment import build_environment, build_public_environment
from commonweal.hub.provision import Credential, prepare_hub
from commonweal.hub.public.cache import Answer, AnswerStore, Key
from commonweal.hub.public.store import CurrentStore
from commonweal.hub.secret import get_secret_key
from commonweal.hub.server import list_processes
from commonweal.schema.errors import CommonwealError

REPOSITORY = Path(__file__).resolve().parents[3]


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    key = get_secret_key(settings)
    assert len(key) >= 50
    assert get_secret_key(settings) == key
    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")} == {
        "hub",
        "hub/secret",
    }
    assert stat.S_IMODE((tmp_path / "hub").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "hub" / "secret").stat().st_mode) == 0o600


def test_a_configured_key_wins_and_nothing_is_written(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, hub=HubSettings(secret_key=SecretStr("given")))
    assert get_secret_key(settings) == "given"
    assert list(tmp_path.iterdir()) == []


def test_a_child_process_reads_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMMONWEAL_HUB__PUBLIC_PORT", "1234")
    monkeypatch.chdir(tmp_path)
    settings = Settings(
        home=tmp_path,
        programme=ProgrammeSettings(name="Über “programme”", synthetic=True),
        hub=HubSettings(workbench_port=4321, secret_key=SecretStr("s"), allowed_hosts=("a.b",)),
    )
    environment = build_environment(settings, django_settings="some.module")
    assert environment["DJANGO_SETTINGS_MODULE"] == "some.module"
    for name in [name for name in os.environ if name.startswith("COMMONWEAL_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        if name.startswith("COMMONWEAL_"):
            monkeypatch.setenv(name, value)
    assert read_settings() == settings


def test_the_public_process_gets_all_settings_but_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("from a file", encoding="ascii")
    toml = f"[hub]\nsecret_key = 'from the settings'\nsecret_key_file = '{tmp_path / 'key'}'\n"
    (tmp_path / "commonweal.toml").write_text(toml, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "from the shell")
    settings = read_settings(home=tmp_path, programme=ProgrammeSettings(name="A programme"))
    assert settings.hub.secret_key is not None
    environment = build_public_environment(settings, django_settings="some.module")
    assert "from " not in " ".join(environment.values())
    assert environment["DJANGO_SETTINGS_MODULE"] == "some.module"
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    read = read_settings()
    assert (read.hub.secret_key, read.hub.secret_key_file) == (None, None)
    assert (read.home, read.programme) == (settings.home, settings.programme)


def test_addresses_are_the_configured_ones_or_host_and_port() -> None:
    assert find_address(Settings(), "public") == "http://127.0.0.1:8000/"
    given = Settings(hub=HubSettings(workbench_address="https://work.example"))
    assert find_address(given, "workbench") == "https://work.example/"


def key_of(name: str) -> Key:
    """A key that differs by path alone."""
    return ("hash", "host", name, False, False, False)


def test_answers_unused_longest_leave_first() -> None:
    answer = Answer((), b"x" * 800)
    store = AnswerStore(capacity=2 * answer.size)
    store.keep(key_of("a"), answer)
    store.keep(key_of("b"), answer)
    assert store.find(key_of("a")) == answer
    store.keep(key_of("c"), answer)
    assert store.find(key_of("b")) is None
    assert store.find(key_of("a")) == store.find(key_of("c")) == answer


def test_an_answer_kept_twice_counts_once_and_a_huge_one_not_at_all() -> None:
    answer = Answer((), b"x" * 800)
    store = AnswerStore(capacity=2 * answer.size)
    for _ in range(5):
        store.keep(key_of("a"), answer)
    store.keep(key_of("b"), answer)
    assert store.find(key_of("a")) == answer
    store.keep(key_of("huge"), Answer((), b"x" * 10_000))
    assert store.find(key_of("huge")) is None


def test_before_the_first_release_there_is_no_store(tmp_path: Path) -> None:
    assert CurrentStore(tmp_path).find() is None


def test_a_damaged_pointer_is_told(tmp_path: Path) -> None:
    (tmp_path / "publishing").mkdir()
    (tmp_path / "publishing" / "current.json").write_text("[]", encoding="utf-8")
    with pytest.raises(CommonwealError, match="damaged"):
        CurrentStore(tmp_path).find()


def test_demo_accounts_are_made_once(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    first = prepare_hub(settings)
    names = ["researcher", "colleague", "steward", "curator"]
    assert [c.email for c in first] == [f"{name}@demo.example" for name in names]
    assert len({c.password for c in first}) == 4
    assert prepare_hub(settings) == [Credential(c.email, None) for c in first]
    assert prepare_hub(settings, demo_accounts=False) == []
    database = (tmp_path / "hub" / "hub.sqlite").read_bytes()
    assert not any(c.password is None or c.password.encode() in database for c in first)


def test_a_database_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir()
    (tmp_path / "hub" / "hub.sqlite").write_bytes(b"no database, but long enough to look like it")
    with pytest.raises(CommonwealError, match="could not do its part \\(provision\\)"):
        prepare_hub(Settings(home=tmp_path))


@pytest.mark.parametrize("process", ["public", "workbench", "worker"])
def test_every_settings_module_is_sound(tmp_path: Path, process: str) -> None:
    environment = build_environment(
        Settings(home=tmp_path), django_settings=f"commonweal.hub.settings.{process}"
    )
    command = [sys.executable, "-W", "error", "-m", "django", "check", "--fail-level", "WARNING"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_translations_are_complete_and_compiled() -> None:
    command = [sys.executable, str(REPOSITORY / "scripts" / "build_translations.py"), "--check"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_the_front_end_lock_names_no_registry() -> None:
    lock = (REPOSITORY / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    sponsors = ("https://opencollective.com", "https://github.com/sponsors")
    for address in sponsors:
        lock = lock.replace(address, "")
    assert "://" not in lock


def test_no_template_bypasses_escaping() -> None:
    hub = REPOSITORY / "src" / "commonweal" / "hub"
    texts = [file.read_text(encoding="utf-8") for file in hub.rglob("*.html")]
    texts += [file.read_text(encoding="utf-8") for file in hub.rglob("*.py")]
    assert texts
    for forbidden in ("|safe", "mark_safe", "autoescape off", "<style", " style=", "javascript:"):
        assert not any(forbidden in text for text in texts), forbidden


def test_demo_accounts_of_an_earlier_day_are_named_without_passwords(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_credentials([Credential("old@demo.example", None), Credential("new@demo.example", "p")])
    said = " ".join("".join(capsys.readouterr()).split())
    assert "Sign in as new@demo.example with password p" in said
    assert "Demo accounts: old@demo.example (passwords were shown the first time)." in said
    assert "commonweal manage changepassword EMAIL" in said
    assert "None" not in said


def test_the_sites_process_is_one_of_the_hub() -> None:
    processes = list_processes(Settings(hub=HubSettings(sites_port=4321)))
    assert [(p.name, p.port) for p in processes if p.name == "sites"] == [("sites", 4321)]
    assert not processes[0].holds_secrets
