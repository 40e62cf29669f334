"""The parts of a synthetic programme put together: who makes what, and which dirt a site gets."""

from collections.abc import Callable, Set
from pathlib import Path
from typing import Any

import numpy as np

from commonweal.synthetic.dirt.fault import Dirt
from commonweal.synthetic.dirt.mixture import Mixture, build_dirt
from commonweal.synthetic.ehr.history import build_records
from commonweal.synthetic.feeds.accounts import build_visitors
from commonweal.synthetic.feeds.build import build_feeds
from commonweal.synthetic.output.batch import Makers
from commonweal.synthetic.output.files import DirtOf
from commonweal.synthetic.output.programme import DEFAULT_BATCH, Summary, write_programme
from commonweal.synthetic.output.writing import Part
from commonweal.synthetic.plan import Plan
from commonweal.synthetic.sites.codes import default_book
from commonweal.synthetic.sites.profile import Purpose

Reached = Callable[[int, int], None]
"""Told how many persons are done, and of how many."""


def make_programme(
    plan: Plan,
    folder: Path,
    *,
    parts: Set[Part] = frozenset(Part),
    mixture: Mixture | None = None,
    mended: bool = False,
    batch: int = DEFAULT_BATCH,
    workers: int | None = None,
    progress: Reached = lambda done, total: None,
) -> Summary:
    """Make a programme in a new folder, which appears whole or not at all.

    ``mixture`` says which dirt every site gets; without one each has what is usual. ``mended``
    leaves out what files are rejected for, as when sites send them again. The bytes depend on
    the plan, the parts and the dirt alone.

    Raises:
        CommonwealError: there is something at ``folder`` already, or the recipes want more
            rows than there are.
        OSError: it cannot be written, or the disk is full. Nothing is left behind.
    """
    return write_programme(
        plan,
        folder,
        makers=default_makers(),
        parts=parts,
        dirt_of=choose_dirt(plan, mixture, mended=mended),
        options={"dirt": _describe_dirt(mixture), "mended": mended},
        batch=batch,
        workers=workers,
        progress=progress,
    )


def _describe_dirt(mixture: Mixture | None) -> str | dict[str, Any]:
    """The recipes with their rates, or that each site has what is usual."""
    if mixture is None:
        return "usual"
    return {
        name: {"elsewhere": rates.elsewhere, **rates.by_table} for name, rates in mixture.items()
    }


def default_makers() -> Makers:
    """Who makes records, feeds and codes from the facts that ship with the product."""
    return Makers(build_records, build_feeds, build_visitors, default_book())


def choose_dirt(plan: Plan, mixture: Mixture | None, *, mended: bool = False) -> DirtOf:
    """The dirt of each site: the same mixture for all, or what is usual where there is none."""

    def dirt_of(position: int, purpose: Purpose) -> Dirt:
        return build_dirt(
            plan,
            position,
            mixture,
            last=np.datetime64(plan.sites[position].sent_on(plan.as_of), "D"),
            alpha=purpose is Purpose.ALPHA,
            mended=mended,
        )

    return dirt_of
