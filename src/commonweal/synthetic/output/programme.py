"""A whole synthetic programme, written in one pass and in bounded memory."""

import os
import shutil
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Set
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from commonweal.engine.storage import whole_folder
from commonweal.schema.errors import CommonwealError
from commonweal.synthetic.output.batch import Made, Makers, Workshop
from commonweal.synthetic.output.files import DirtOf
from commonweal.synthetic.output.writing import Part, Writing
from commonweal.synthetic.plan import Plan

DEFAULT_BATCH = 5_000
"""People in a batch: enough to keep arrays long, few enough to hold several in memory."""


@dataclass(frozen=True)
class Summary:
    """What was written."""

    folder: Path
    persons: int
    rows: Mapping[str, int]
    """Rows in each folder."""
    faults: int | None
    """Planted in the submissions; none where there are no submissions."""


def write_programme(
    plan: Plan,
    folder: Path,
    *,
    makers: Makers,
    parts: Set[Part],
    dirt_of: DirtOf,
    options: Mapping[str, Any] = MappingProxyType({}),
    batch: int = DEFAULT_BATCH,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Summary:
    """Write a programme into a new folder, which appears whole or not at all.

    The bytes depend on the plan, the makers, the dirt and the options alone, and the options
    are only told: ``programme.json`` says what was asked for. ``workers`` threads make
    batches ahead, one for each processor unless a number is given; ``progress`` is told how
    many persons are done, and of how many.

    Raises:
        CommonwealError: there is something at ``folder`` already.
        OSError: it cannot be written, or the disk is full. Nothing is left behind.
    """
    check_absent(folder)
    with (
        _whole_or_nothing(folder) as scratch,
        closing(
            Writing(plan, scratch, parts=parts, makers=makers, dirt_of=dirt_of, options=options)
        ) as writing,
    ):
        writing.add_sites()
        done = 0
        for made in _make_ahead(writing.workshop, batch, workers or os.cpu_count() or 1):
            writing.add(made)
            done += made.persons
            progress(done, plan.persons)
        writing.add_visitors(batch)
        rows, faults = writing.finish()
    return Summary(folder, done, rows, faults)


def check_absent(folder: Path) -> None:
    """Nothing is written over.

    Raises:
        CommonwealError: there is something at ``folder``.
    """
    if folder.exists() or folder.is_symlink():
        raise CommonwealError(
            f"{folder} is there already.",
            expected="a folder that does not exist yet",
            fix="Choose another folder: what was written once is never written over.",
        )


def _make_ahead(workshop: Workshop, batch: int, workers: int) -> Iterator[Made]:
    """All batches in their order; while one is used the next are being made."""
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for first in range(0, workshop.plan.persons, batch):
                waiting.append(pool.submit(workshop.make, first, batch))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


@contextmanager
def _whole_or_nothing(folder: Path) -> Iterator[Path]:
    """A scratch folder that becomes ``folder``, and is gone when something goes wrong."""
    with whole_folder(folder) as scratch:
        try:
            yield scratch
        except BaseException as error:
            shutil.rmtree(scratch, ignore_errors=True)
            if isinstance(error, OSError) and error.filename is None:
                error.filename = str(folder)  # a full disk does not say where it was full
            raise
