"""A synthetic programme, dirt and all, is the same in whatever batches it is made."""

import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.synthetic.assembly import make_programme
from commonweal.synthetic.plan import build_plan

PERSONS = 150


def digest(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@given(batch=st.integers(40, 149), workers=st.integers(1, 3), sites=st.integers(1, 9))
@settings(max_examples=4, deadline=None)
def test_bytes_depend_on_the_plan_alone(
    tmp_path_factory: pytest.TempPathFactory, batch: int, workers: int, sites: int
) -> None:
    folder = tmp_path_factory.mktemp("synthetic")
    plan = build_plan(persons=PERSONS, sites=sites, seed=sites)
    make_programme(plan, folder / "whole", batch=PERSONS, workers=1)
    make_programme(plan, folder / "pieces", batch=batch, workers=workers)
    assert digest(folder / "whole") == digest(folder / "pieces")
