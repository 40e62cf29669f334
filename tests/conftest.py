"""Fixtures every kind of test may use."""

import os
from importlib import import_module
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

# A console keeps the width that COLUMNS has while it is made; made without, it asks each time.
os.environ.pop("COLUMNS", None)
import_module("commonweal.cli.output")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data with its faults; tests that need it are skipped where it is not there."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real data sets are not on this machine")
    return folder
