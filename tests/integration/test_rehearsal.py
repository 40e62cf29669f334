"""The page beside a made-up programme says how to rehearse with it, and that works."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from commonweal.release.catalogue import list_releases
from commonweal.synthetic.assembly import make_programme
from commonweal.synthetic.output.writing import Part
from commonweal.synthetic.plan import build_plan

PLAN = build_plan(persons=150, sites=2)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rehearsal") / "made"
    make_programme(PLAN, folder, mended=True)
    return folder


def blocks(folder: Path, kind: str) -> str:
    page = (folder / "README.md").read_text(encoding="utf-8")
    return "".join(re.findall(rf"^```{kind}\n(.*?)^```", page, re.MULTILINE | re.DOTALL))


def test_the_commands_on_the_page_lead_to_releases(made: Path) -> None:
    (made / "commonweal.toml").write_text(blocks(made, "toml"), encoding="utf-8")
    commands = blocks(made, "console").replace("commonweal serve\n", "")
    assert commands.count("commonweal submit") == 2
    beside = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": f"{beside}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-e", "-c", commands],
        cwd=made,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    releases = list_releases(made / "home")
    assert [release.id for release in releases] == ["C2026Q4R1", "R2026Q4R1"]
    assert all(release.manifest.synthetic for release in releases)


def test_a_page_without_feeds_promises_no_release(tmp_path: Path) -> None:
    make_programme(PLAN, tmp_path / "made", parts={Part.SUBMISSIONS})
    page = (tmp_path / "made" / "README.md").read_text(encoding="utf-8")
    assert "commonweal submit" in page
    assert "release build" not in page
