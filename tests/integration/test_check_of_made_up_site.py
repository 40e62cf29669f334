"""The steward's check finds what was planted in a made-up site, and nothing else."""

from datetime import date
from pathlib import Path

import pytest

from commonweal.engine.settings import EngineSettings
from commonweal.intake.check.folder import check_folder
from commonweal.synthetic.site import FaultKind, write_site

CODES = {
    FaultKind.MISSING_COLUMN: {"header.missing_column"},
    FaultKind.BAD_DATE: {"type.date"},
    FaultKind.NOT_A_NUMBER: {"type.float"},
    FaultKind.RAGGED_ROW: {"structure.ragged_row"},
    FaultKind.EMPTY_REQUIRED: {"required.empty"},
    FaultKind.DUPLICATE_KEY: {"key.duplicate"},
    FaultKind.ORPHAN: {"key.orphan", "key.person_absent"},
    FaultKind.END_BEFORE_START: {"date.end_before_start"},
}


@pytest.mark.parametrize(("faults", "verdict"), [(False, "accepted"), (True, "rejected")])
@pytest.mark.parametrize("seed", [5, 23])
def test_check_tells_the_planted_faults_and_no_others(
    tmp_path: Path, faults: bool, verdict: str, seed: int
) -> None:
    folder = tmp_path / "site"
    planted = write_site(folder, site="lakeside", seed=seed, persons=120, faults=faults)
    checked = check_folder(
        folder, dialect="programme", settings=EngineSettings(), today=date(2026, 10, 1)
    )
    report = checked.to_json()
    assert (report["verdict"], report["complete"], report["missing"]) == (verdict, True, [])
    found = {
        (file["file"], line, finding["column"] or "", finding["code"])
        for file in report["files"]
        for finding in file["findings"]
        if finding["severity"] != "info"
        for line in [example["line"] for example in finding["examples"]] or [1]
    }
    explained = {
        (fault.file, fault.line, fault.column, code)
        for fault in planted
        for code in CODES[fault.kind]
        if (fault.file, fault.line, fault.column, code) in found
    }
    assert found == explained
    assert len(found) == len(planted)
