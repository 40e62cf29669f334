"""The declaration of a steward, judged when it arrives, while the steward is still there."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from commonweal.intake.drop_area import DECLARATION, list_arrived
from commonweal.intake.sftp.refusal import DropRefusedError, denied
from commonweal.intake.sites import Purpose

LARGEST = 1_000_000


def check_declaration(part: Path, *, unfinished: Sequence[str]) -> None:
    """Refuse a declaration that does not fit its folder, and throw it away.

    Checksums are left to the intake, which reads the files anyway.

    Raises:
        DropRefusedError: it cannot be read, says no purpose, names files that are not there
            with their size, or some file is unfinished.
    """
    try:
        content = _read(part)
        _check_words(content)
        _check_files(content, part.parent, unfinished)
    except DropRefusedError:
        part.unlink()
        raise


def _read(part: Path) -> dict[str, Any]:
    if part.stat().st_size > LARGEST:
        raise denied(f"{DECLARATION} is too long to be a declaration.")
    try:
        content = json.loads(part.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise denied(f"{DECLARATION} is not JSON.") from None
    if not isinstance(content, dict):
        raise denied(f"{DECLARATION} has to be a JSON object.")
    return content


def _check_words(content: dict[str, Any]) -> None:
    if content.get("purpose") not in list(Purpose):
        raise denied(f"{DECLARATION} has to name a purpose: {', '.join(Purpose)}.")
    if not isinstance(content.get("synthetic", False), bool):
        raise denied(f"{DECLARATION}: synthetic has to be true or false.")


def _check_files(content: dict[str, Any], folder: Path, unfinished: Sequence[str]) -> None:
    if unfinished:
        raise denied(f"Not whole yet: {', '.join(unfinished)}. Send them first.")
    there = {path.name: path.stat().st_size for path in list_arrived(folder)}
    if not there:
        raise denied("There is no file in the folder yet.")
    stated = content.get("files")
    if stated is None:
        return
    if not isinstance(stated, list) or not all(isinstance(file, dict) for file in stated):
        raise denied(f"{DECLARATION}: files has to be a list of objects with name and bytes.")
    for file in stated:
        if there.get(str(file.get("name"))) != file.get("bytes"):
            raise denied(f"{DECLARATION} names a file that is not there, or has another size.")
