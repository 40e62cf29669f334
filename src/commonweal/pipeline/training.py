"""The training release: made-up people in the shape of the registered tier, in any programme.

A small synthetic programme is made in the folder ``training`` and taken through the same steps
as any other. It has a vault of its own whose key is known, and the abridged vocabulary, so the
same version of the product makes the same release wherever it is built. Nothing of the programme
itself is read.
"""

import hashlib
import shutil
from datetime import date, datetime
from pathlib import Path

from commonweal import __version__
from commonweal.engine.settings import Settings
from commonweal.engine.storage import whole_folder
from commonweal.intake.sites import Site
from commonweal.pipeline.build import run_training_build
from commonweal.pipeline.handing_in import hand_in
from commonweal.pipeline.progress import Progress
from commonweal.release.catalogue import Release
from commonweal.synthetic.assembly import make_programme
from commonweal.synthetic.facts import digest_facts
from commonweal.synthetic.output.writing import Part
from commonweal.synthetic.plan import DEFAULT_AS_OF, Plan, build_plan

PERSONS = 2_000
FOLDER = "training"
VAULT_KEY = hashlib.sha256(b"Commonweal training release: nobody in it is real").digest()


def build_training_release(
    settings: Settings, progress: Progress, *, now: datetime, persons: int = PERSONS
) -> Release:
    """Make up people, and seal a release of them; the same one again changes nothing.

    Raises:
        CommonwealError: the number of persons is impossible, or another process is building.
        OSError: the programme's folder cannot be written.
    """
    plan = build_plan(persons=persons, as_of=settings.programme.cutoff or DEFAULT_AS_OF)
    made_of = f"{__version__}-{digest_facts()[:8]}-{persons}-{plan.as_of}"
    home = settings.home / FOLDER / made_of
    within = _settings_within(settings, home, plan.as_of)
    made = _make_once(plan, home / "made", progress)
    for site in plan.sites:
        hand_in(
            within,
            Site(site.name, site.title, state=site.state),
            made / "submissions" / site.name,
            progress,
            today=plan.as_of,
            now=now,
        )
    _lay_feeds(made / "feeds", home / "feeds")
    return run_training_build(settings, within, progress, vault_key=VAULT_KEY, now=now)


def _settings_within(settings: Settings, home: Path, cutoff: date) -> Settings:
    programme = settings.programme.model_copy(update={"synthetic": True, "cutoff": cutoff})
    return settings.model_copy(update={"home": home, "programme": programme})


def _make_once(plan: Plan, folder: Path, progress: Progress) -> Path:
    progress.begin("Making people up for training", 1)
    if not folder.exists():
        parts = frozenset({Part.SUBMISSIONS, Part.FEEDS})
        make_programme(plan, folder, parts=parts, mixture={})
    progress.end()
    return folder


def _lay_feeds(made: Path, feeds: Path) -> None:
    """Put the snapshots where the pipeline looks for them."""
    for snapshot in made.iterdir():
        if not (feeds / snapshot.name).exists():
            with whole_folder(feeds / snapshot.name) as scratch:
                shutil.copytree(snapshot, scratch, dirs_exist_ok=True)
