"""From the combined dataset to a tier: rows left out, people and rows renumbered, the rest treated.

Rules that drop single rows are a stage of their own, run by curation's runner, which keeps
their evidence. What changes whole columns leaves counts only: evidence of moved dates or
new ids would be a second vault.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from commonweal.curation.evidence import RuleCount
from commonweal.curation.folder import TableFolder, digest_files, make_folder, read_folder
from commonweal.curation.runner import StageResult, run_stage
from commonweal.engine.protocol import Engine
from commonweal.privacy.errors import DeidentifyError, LeakError
from commonweal.privacy.leaks import scan_tier
from commonweal.privacy.linkage import Linkage, measure_linkage
from commonweal.privacy.rules import build_stage
from commonweal.privacy.tiers import Tier
from commonweal.privacy.treatment import describe_treatments
from commonweal.privacy.unkept import EVIDENCE, write_evidence
from commonweal.privacy.vault import Vault
from commonweal.privacy.workspace import open_workspace
from commonweal.privacy.writer import Files, Progress, TierWriter
from commonweal.schema.model import Role, get_model


@dataclass(frozen=True)
class TierResult(TableFolder):
    """A finished tier: its tables, what every rule did, and how alone people stand in it."""

    selected: StageResult
    """The stage that left rows out, with their evidence; it stays in the identifiable zone."""
    unkept: TableFolder
    """Evidence of the rows that left since their keys had; it stays there as well."""

    def evidence(self, table: str) -> Path:
        """The Parquet file that names the rows of a table that left with their keys."""
        return self.unkept.folder / EVIDENCE / f"{table}.parquet"

    @property
    def counts(self) -> tuple[RuleCount, ...]:
        """What every rule did to every table, the rows it left out included."""
        found = {(count.table, count.rule): count for count in self.selected.counts}
        for treated in (RuleCount(**count) for count in self.facts["counts"]):
            before = found.get((treated.table, treated.rule))
            found[treated.table, treated.rule] = _joined(before, treated) if before else treated
        return tuple(found.values())

    @property
    def linkage(self) -> Linkage:
        return Linkage(**self.facts["linkage"])


def build_tier_stage(
    engine: Engine,
    tier: Tier,
    *,
    combined: Files,
    vocabulary: Files,
    vault: Vault,
    sites: Mapping[str, str],
    out: Path,
    as_of: date,
    progress: Progress | None = None,
) -> TierResult:
    """Make a tier of the combined dataset, or return it untouched when it was made before.

    Args:
        engine: where the work is done.
        tier: what the tier may show.
        combined: the combined stage's files by table, with their lineage columns.
        vocabulary: files of vocabulary tables, of which OMOP's columns are copied. Without
            ``concept`` no source value can be told again, and all of them stay empty.
        vault: gives new ids and days to move dates by; draws are stored before they are used.
        sites: the state each site is in, such as MA; empty, or no entry, where it is not known.
        out: folder of all stages; the tier appears under its name and digest.
        as_of: the day ages are counted at.
        progress: told of each piece of work.

    Raises:
        DeidentifyError: the combined dataset is not fit for it.
        LeakError: the finished tier shows what it must not; nothing is kept.
        VaultError: the vault cannot be used.
    """
    tell = progress or _tell_nobody
    _check_inputs(combined, vocabulary)
    selected = _select_rows(engine, tier, combined, out=out, as_of=as_of, progress=tell)
    sources = {**combined, **selected.files}
    participants = list_participants(engine, sources["person"])
    recipe = {
        "tier": tier.model_dump(mode="json"),
        "treatments": describe_treatments(tier),
        "inputs": digest_files(sources),
        "vocabulary": digest_files(vocabulary),
        "vault": vault.digest(tier.name, participants, shifted=tier.date_shift),
        "sites": _list_states(tier, sites),
    }
    left = f"{tier.name}-unkept"

    def write(folder: Path) -> tuple[dict[str, int], Any]:
        with open_workspace(engine, tier) as workspace:
            writer = TierWriter(workspace, folder, tell)
            writer.write_all(sources, vocabulary, vault, participants, sites)
            everybody = list_participants(engine, combined["person"])
            tell("all tables", "looking for leaks")
            with _nothing_kept(folder):
                scan_tier(engine, folder, tier, originals=everybody)
            linkage = measure_linkage(engine, folder)
            unkept = make_folder(out / left, left, recipe, partial(_write_evidence, writer))
        counts = [count.to_json() for count in writer.counts]
        facts = {"counts": counts, "linkage": asdict(linkage), "unkept": unkept.folder.name}
        return writer.rows, facts

    made = make_folder(out / tier.name, tier.name, recipe, write)
    unkept = read_folder(out / left / made.facts["unkept"])
    return TierResult(made.name, made.digest, made.folder, made.rows, made.facts, selected, unkept)


@contextmanager
def _nothing_kept(folder: Path) -> Iterator[None]:
    """Remove the unfinished tier when the block finds that it leaks."""
    try:
        yield
    except LeakError:
        shutil.rmtree(folder)
        raise


def _list_states(tier: Tier, sites: Mapping[str, str]) -> dict[str, str]:
    """The states that matter to a tier, by site."""
    wanted = tier.geography.differs_from_site
    return {site: state for site, state in sites.items() if state and wanted}


def _write_evidence(writer: TierWriter, folder: Path) -> tuple[dict[str, int], Any]:
    rows = write_evidence(writer.engine, writer.unkept, writer.counts, folder)
    return {}, {"evidence": rows}


def _joined(first: RuleCount, then: RuleCount) -> RuleCount:
    """One rule that first left rows out and then changed the others."""
    return RuleCount(
        first.table,
        first.rule,
        first.rows_in,
        first.dropped + then.dropped,
        first.changed + then.changed,
        first.added + then.added,
        then.rows_out,
    )


def list_participants(engine: Engine, persons: Sequence[Path]) -> list[int]:
    """The ids in files of the person table, in order.

    Raises:
        DeidentifyError: a person has no id, or two have the same.
    """
    engine.register_parquet("privacy_people", persons)
    found = [row[0] for row in engine.rows("SELECT person_id FROM privacy_people ORDER BY 1")]
    if None in found or len(set(found)) < len(found):
        raise DeidentifyError(
            "Rows of the combined table person have no id, or share one.",
            expected="one row for each person",
            fix="Make the combined stage again.",
        )
    return found


def _check_inputs(combined: Files, vocabulary: Files) -> None:
    if "person" not in combined:
        raise DeidentifyError(
            "The combined dataset has no table person.",
            expected="one row for each person",
            fix="Make the combined stage again.",
        )
    known = {table.name for table in get_model("release").with_role(Role.VOCABULARY)}
    if others := sorted(vocabulary.keys() - known):
        raise DeidentifyError(
            f"These are no vocabulary tables: {', '.join(others)}.",
            expected=f"tables out of {', '.join(sorted(known))}",
            fix="Leave them out; tables about persons come from the combined dataset.",
        )


def _select_rows(
    engine: Engine, tier: Tier, combined: Files, *, out: Path, as_of: date, progress: Progress
) -> StageResult:
    """Leave out what the tier may not show at all; ``person`` goes along to be looked up."""
    stage = build_stage(tier)
    tables = get_model(stage.model).tables
    wanted = {
        name: files
        for name, files in combined.items()
        if name == "person" or (name in tables and stage.rules[0].tables(tables[name]))
    }
    return run_stage(
        engine,
        stage,
        wanted,
        out=out / stage.name,
        parameters={"as_of": as_of} if stage.parameters else {},
        progress=progress,
    )


def _tell_nobody(table: str, work: str) -> None:
    """Tell nobody."""
