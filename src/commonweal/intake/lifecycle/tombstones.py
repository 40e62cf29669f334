"""Who was retracted from a site, as keyed hashes: enough to notice when they come again.

Without the key, which stands in the folder ``keys``, a hash tells nothing; with it, only
whether an id that one has already is among them. They are no list of persons. One file is
kept for each list of persons that was retracted, and its order is that of the hashes.
"""

import hmac
import json
import secrets
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from commonweal.engine.storage import Location, digest_of, make_private, readable_json
from commonweal.intake.findings import build_finding
from commonweal.intake.lifecycle.erase import PERSON_COLUMNS
from commonweal.intake.lifecycle.records import read_records, to_number
from commonweal.intake.report import CheckReport
from commonweal.intake.sites import IDENTIFIED, Purpose
from commonweal.schema.errors import CommonwealError

KEY_FILE = "retracted-persons.key"
_CODE = "consent.retracted"


def name_ids(purpose: Purpose) -> str:
    """Whose ids the files for a purpose hold: the same number is nobody else's only there."""
    return "participants" if purpose in IDENTIFIED else str(purpose)


def remember_retracted(home: Path, site: str, purpose: Purpose, persons: Iterable[int]) -> None:
    """Keep the hashes of persons, once however often they are retracted.

    Raises:
        CommonwealError: the key that earlier ones were made with is missing.
    """
    key = _get_key(home)
    hashes = sorted(_hash(key, site, purpose, str(person)) for person in persons)
    make_private(home / "history")
    content = {"hashes": hashes}
    _place(home, site).create(f"{digest_of(content)[:16]}.json", readable_json(content))


def add_returned(
    report: CheckReport, folder: Path, *, home: Path, site: str, purpose: Purpose
) -> CheckReport:
    """The report with a warning, once, when persons retracted from the site are in a folder.

    Raises:
        CommonwealError: the key of the hashes is missing.
    """
    known = _read_hashes(home, site)
    if not known or any(finding.code == _CODE for finding in report.findings):
        return report
    key = _get_key(home)
    persons = {p for file in report.files for p in _list_persons(folder / file.file)}
    returned = sum(_hash(key, site, purpose, person) in known for person in persons)
    if not returned:
        return report
    noun = "person whose records were" if returned == 1 else "persons whose records were"
    finding = build_finding(_CODE, count=returned, detail=f"{returned:,} {noun}")
    return replace(report, findings=(*report.findings, finding))


def _list_persons(path: Path) -> set[str]:
    if not path.is_file():
        return set()
    cells = {record.cells for record in read_records(path, PERSON_COLUMNS)}
    return {to_number(person or subject) for person, subject in cells} - {""}


def _hash(key: bytes, site: str, purpose: Purpose, person: str) -> str:
    message = f"{site}|{name_ids(purpose)}|{person}"
    return hmac.digest(key, message.encode(), "sha256").hex()


def _read_hashes(home: Path, site: str) -> set[str]:
    files = _place(home, site).path.glob("*.json")
    return {one for file in files for one in json.loads(file.read_bytes())["hashes"]}


def _place(home: Path, site: str) -> Location:
    return Location.of(home / "history" / site / ".retracted")


def _get_key(home: Path) -> bytes:
    """The key, made when nothing depends on it yet."""
    file = home / "keys" / KEY_FILE
    if not file.exists():
        if any((home / "history").glob("*/.retracted/*.json")):
            raise CommonwealError(
                f"The key {KEY_FILE} is missing, so nobody can say who was retracted.",
                expected="the key that the hashes of retracted persons were made with",
                fix="Bring the folder `keys` back from a copy.",
            )
        make_private(file.parent)
        Location.of(file.parent).create(file.name, secrets.token_hex(32).encode())
        file.chmod(0o600)
    return bytes.fromhex(file.read_text(encoding="ascii"))
