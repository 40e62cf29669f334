"""What several of these tests start: object stores, and the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.command_line import Done, Run
from tests.object_stores import ObjectStore, run_moto, run_seaweedfs

from commonweal.cli.main import main


@pytest.fixture(scope="module")
def seaweedfs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with run_seaweedfs(tmp_path_factory.mktemp("weed")) as running:
        yield running


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with run_moto(tmp_path_factory.mktemp("moto")) as running:
        yield running


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in a folder of its own, whose programme is in ``home``."""
    monkeypatch.setenv("COMMONWEAL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COMMONWEAL_ENGINE__MEMORY_LIMIT", "200MB")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def run_once(*words: object) -> Done:
        monkeypatch.setattr("sys.argv", ["commonweal", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return run_once
