"""Builds releases: the combined dataset becomes tiers, each sealed, signed and published."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from commonweal.curation.left import ALLOWED_TABLES, ALLOWED_TABLES_TITLE, ALLOWED_TABLES_WHY
from commonweal.curation.stages import list_rules
from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import Engine
from commonweal.engine.settings import Settings
from commonweal.engine.storage import make_private
from commonweal.intake.sites import Site, list_sites
from commonweal.pipeline.curate import Curated, count_tables, curate, get_cutoff, get_parameters
from commonweal.pipeline.lock import only_one
from commonweal.pipeline.progress import Progress
from commonweal.pipeline.seal import ReleaseFacts as SealedFacts
from commonweal.pipeline.seal import seal_release
from commonweal.pipeline.vocabulary import Vocabulary, get_vocabulary, read_abridged
from commonweal.privacy.deidentify import TierResult, build_tier_stage
from commonweal.privacy.describe import RULE_TITLES, describe_tier
from commonweal.privacy.tiers import TIERS, TRAINING, Tier, get_tier
from commonweal.privacy.treatment import is_kept, treat_table
from commonweal.privacy.vault import Vault, open_vault
from commonweal.publish.model import ReleaseFacts, StoreSummary
from commonweal.publish.pointer import PUBLIC_TIER, list_others, set_current, store_path
from commonweal.publish.reader import PublishingStore
from commonweal.publish.store import build_store
from commonweal.release.catalogue import Release, find_latest, list_ids
from commonweal.release.cdm import open_cdm
from commonweal.release.dictionary import TierNotes
from commonweal.schema.model import get_model

IDENTIFIABLE = ("landing", "feeds", "stages", "spill", "vault", "keys")
"""Folders that a build reads from or writes to and that only its user may look into."""


@dataclass(frozen=True)
class Built:
    """What a build made: the combined dataset, its tiers and releases, and what is public."""

    curated: Curated
    tiers: Mapping[str, TierResult]
    releases: Mapping[str, Release]
    published: StoreSummary


def run_curation(settings: Settings, progress: Progress) -> Curated:
    """Run the stages up to the combined dataset.

    Raises:
        CommonwealError: an input is missing or does not fit, or another process is building.
    """
    with only_one(settings.home), _open_engine(settings) as engine:
        return curate(engine, settings, progress)


def run_build(settings: Settings, progress: Progress, *, now: datetime) -> Built:
    """Run everything: stages, tiers, releases, publishing store. Done work is not done again.

    ``now`` stands in the envelope of a new release, outside what is hashed.

    Raises:
        CommonwealError: an input is missing or does not fit, or another process is building.
    """
    with only_one(settings.home), _open_engine(settings) as engine:
        vocabulary = get_vocabulary(settings.home)
        curated = curate(engine, settings, progress)
        build = _Build(settings.home, engine, settings, progress, vocabulary, curated)
        with _open_vault(settings.home) as vault:
            tiers = {name: build.make_tier(get_tier(name), vault) for name in TIERS}
        releases = {name: build.seal(get_tier(name), made, now) for name, made in tiers.items()}
        published = build.publish(releases[PUBLIC_TIER])
    return Built(curated, tiers, releases, published)


def run_training_build(
    settings: Settings, within: Settings, progress: Progress, *, vault_key: bytes, now: datetime
) -> Release:
    """Seal the training release of the programme ``settings`` from the made-up one ``within``.

    The vocabulary is the abridged one, so that the release is the same in every programme. A
    vault that is made gets ``vault_key``.

    Raises:
        CommonwealError: an input is missing or does not fit, or another process is building.
    """
    with only_one(within.home), _open_engine(within) as engine:
        vocabulary = read_abridged()
        curated = curate(engine, within, progress)
        build = _Build(settings.home, engine, within, progress, vocabulary, curated)
        tier = get_tier(TRAINING)
        with open_vault(within.home / "vault" / "vault.sqlite", new_key=vault_key) as vault:
            return build.seal(tier, build.make_tier(tier, vault), now)


def _open_engine(settings: Settings) -> Engine:
    for name in IDENTIFIABLE:
        make_private(settings.home / name)
    return open_engine(settings.engine, spill_folder=settings.home / "spill")


def _open_vault(home: Path) -> Vault:
    """The programme's vault; a new one only while there is no release whose ids it gave."""
    return open_vault(home / "vault" / "vault.sqlite", must_exist=bool(list_ids(home)))


@dataclass(frozen=True)
class _Build:
    """One build under way: what every step of it needs."""

    home: Path
    """Where releases are sealed."""
    engine: Engine
    settings: Settings
    progress: Progress
    vocabulary: Vocabulary
    curated: Curated

    def make_tier(self, tier: Tier, vault: Vault) -> TierResult:
        """De-identify the combined dataset as the tier says."""
        self.progress.begin(f"De-identifying: {tier.name} tier", len(self.curated.combined.rows))
        made = build_tier_stage(
            self.engine,
            tier,
            combined=self.curated.combined.files,
            vocabulary=self.vocabulary.files,
            vault=vault,
            sites={site.name: site.state for site in self._list_curated_sites()},
            out=self.settings.home / "stages",
            as_of=get_cutoff(self.settings),
            progress=count_tables(self.progress),
        )
        self.progress.end()
        return made

    def _list_curated_sites(self) -> list[Site]:
        """The sites whose rows are in the combined dataset, as the registry has them."""
        curated = {submission.site for submission in self.curated.submissions}
        return [site for site in list_sites(self.settings.home) if site.name in curated]

    def seal(self, tier: Tier, made: TierResult, now: datetime) -> Release:
        """Seal a tier as a release, or find the release that it is already."""
        described = describe_tier(tier)
        facts = SealedFacts(
            cutoff=get_cutoff(self.settings),
            synthetic=self.settings.programme.synthetic,
            inputs={
                "submissions": sorted(s.digest for s in self.curated.submissions),
                "feeds": self.curated.feeds.digest,
                "vocabulary": self.vocabulary.digest,
                "stage": made.digest,
            },
            rules=(*_list_rules(), *described["rules"]),
            parameters={
                **get_parameters(self.settings),
                tier.name: {**described["policy"], "as_of": get_cutoff(self.settings).isoformat()},
            },
            counts={"rules": _list_counts(self.curated, made), "linkage": asdict(made.linkage)},
            tier_notes=_build_notes(tier),
        )
        self.progress.begin(f"Sealing: {tier.name} tier", 1)
        release = seal_release(
            self.home,
            tier=tier.name,
            letter=tier.letter,
            tables=made.folder,
            facts=facts,
            now=now,
        )
        self.progress.end()
        return release

    def publish(self, release: Release) -> StoreSummary:
        """Write the public aggregates of a release and make them the current ones."""
        self.progress.begin("Publishing", 1)
        facts = ReleaseFacts(
            id=release.id,
            tier=release.manifest.tier,
            title=get_tier(release.manifest.tier).title,
            synthetic=release.manifest.synthetic,
            cutoff=release.manifest.cutoff,
            content_hash=release.content_hash,
            programme=self.settings.programme.name,
        )
        store = store_path(self.settings.home, release.id, release.content_hash)
        if not store.exists():
            open_cdm(self.engine, release.folder)
            build_store(self.engine, facts, store, earlier=list_others(self.settings.home, facts))
        if self._is_newest(release):
            set_current(self.settings.home, facts.tier, store)
        self.progress.end()
        return PublishingStore(store).summary()

    def _is_newest(self, release: Release) -> bool:
        """An older cut-off may be built later; it does not take the public pages back."""
        newest = find_latest(self.settings.home, release.manifest.letter)
        return newest is None or newest.id == release.id


def _list_rules() -> list[dict[str, str]]:
    """Every rule on the way to the combined dataset, and why it is there."""
    left = {"id": ALLOWED_TABLES, "title": ALLOWED_TABLES_TITLE, "why": ALLOWED_TABLES_WHY}
    return [left, *({"id": r.id, "title": r.title, "why": r.why} for r in list_rules())]


def _list_counts(curated: Curated, made: TierResult) -> list[dict[str, Any]]:
    """What every rule that touched a row did, by stage and table, over all sites together."""
    sums: dict[tuple[str, str, str], Counter[str]] = {}
    for label, count in (*curated.counts, *((made.name, count) for count in made.counts)):
        rows = count.to_json()
        key = (label.partition(":")[0], rows.pop("table"), rows.pop("rule"))
        sums.setdefault(key, Counter()).update(rows)
    return [
        {"stage": stage, "table": table, "rule": rule, **rows}
        for (stage, table, rule), rows in sums.items()
        if rows["dropped"] or rows["changed"] or rows["added"]
    ]


def _build_notes(tier: Tier) -> TierNotes:
    """What the tier does to each field, for the data dictionary."""
    return {
        (table.name, treatment.column): RULE_TITLES[treatment.rule]
        for table in get_model("release").tables.values()
        if is_kept(table, tier)
        for treatment in treat_table(table, tier)
        if treatment.rule
    }
