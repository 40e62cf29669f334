"""Functions that run as machine code: loops over bytes that would take Python minutes.

What Numba made of them is kept for the next process, under the hash of everything that goes
into it. Where that is damaged or cannot be written the loops are compiled for this process.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib import import_module, reload
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

import numba
import numpy as np

from commonweal.intake.check.block import PAD, new_buffer
from commonweal.intake.check.cells import DATE, INTEGER, fetch_words

Function = TypeVar("Function", bound=Callable[..., Any])

HERE = Path(__file__).parent
HOME = Path(os.environ.get("HOME", ""))
LOOPS = "commonweal.intake.check.bytewise"
SOURCES = ("bytewise.py", "block.py", "cells.py", "exact.py")
"""Whatever these files say at the time of compiling is in the machine code."""
TEXT = b"1,2020-01-01\n"
_settings: Any = numba.config


def compiled(function: Function) -> Function:
    """Compile a function when it is first called, and keep it if there is a place for it.

    A compiled function calls only such as stand in ``SOURCES``.
    """
    is_kept = bool(_settings.CACHE_DIR)
    return cast(Function, numba.njit(cache=is_kept, nogil=True)(function))


def load_loops() -> ModuleType:
    """The module with the compiled loops, all of them ready to run.

    They are loaded from beside the source or from the user's cache folder, else compiled,
    which takes a few seconds.
    """
    for place in _list_places():
        try:
            place.mkdir(parents=True, exist_ok=True)
            return _load(str(place))
        except Exception:  # noqa: BLE001  (whatever is wrong with what was kept, it is made anew)
            shutil.rmtree(place, ignore_errors=True)
    return _load("")


def _list_places() -> Iterator[Path]:
    name = f"loops-{digest_sources(HERE)}"
    yield HERE / "__pycache__" / name
    cache = os.environ.get("XDG_CACHE_HOME")
    base = Path(cache) if cache else HOME / ".cache"
    if base.is_absolute():
        yield base / "commonweal" / name


def digest_sources(folder: Path) -> str:
    """The hash of all that goes into the machine code."""
    content = b"\0".join((folder / name).read_bytes() for name in SOURCES)
    return hashlib.sha256(content).hexdigest()[:16]


def _load(place: str) -> ModuleType:
    _settings.CACHE_DIR = place
    module = reload(sys.modules[LOOPS]) if LOOPS in sys.modules else import_module(LOOPS)
    _run_once(module)
    return module


def _run_once(loops: ModuleType) -> None:
    """Run every loop on every kind of array, so that nothing is loaded or kept later."""
    data = new_buffer(len(TEXT))
    data[PAD : PAD + len(TEXT)] = list(TEXT)
    edges, breaks = np.empty((3, 8), np.int32), np.empty(len(TEXT), np.int32)
    stop = PAD + len(TEXT)
    rows, *_ = loops.find_edges(data, data.view("<u8"), stop, edges, breaks)
    edges, words = edges[:, :rows], fetch_words(data)
    for place, (kind, form) in enumerate(((INTEGER, np.int64), (DATE, np.int32))):
        known, values = np.empty(rows, np.bool_), np.empty(rows, form)
        between = edges[place], edges[place + 1], place == 1
        judging = kind, 0, False, known, values, np.empty(rows, np.int32)
        loops.judge_cells(data, words, *between, *judging)
        if not known.all():
            raise RuntimeError("The compiled loops do not run as they should.")
