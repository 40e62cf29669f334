"""The declaration of a steward, judged when it arrives, while the steward is still there."""

from collections.abc import Sequence
from pathlib import Path

from commonweal.intake.drop_area import list_arrived
from commonweal.intake.lifecycle.declaration import (
    DECLARATION,
    MAX_BYTES,
    Declaration,
    parse_declaration,
)
from commonweal.intake.sftp.refusal import DropRefusedError, denied
from commonweal.schema.errors import CommonwealError


def check_declaration(part: Path, *, unfinished: Sequence[str]) -> None:
    """Refuse a declaration that does not fit its folder, and throw it away.

    Checksums are left to the intake, which reads the files anyway.

    Raises:
        DropRefusedError: it cannot be read, says no purpose, names files that are not there
            with their size, or some file is unfinished.
    """
    try:
        _check_files(_read(part), part.parent, unfinished)
    except DropRefusedError:
        part.unlink()
        raise


def _read(part: Path) -> Declaration:
    if part.stat().st_size > MAX_BYTES:
        raise denied(f"{DECLARATION} is too long to be a declaration.")
    try:
        return parse_declaration(part.read_bytes())
    except CommonwealError as error:
        raise denied(f"{error.found} Expected: {error.expected}") from error


def _check_files(declaration: Declaration, folder: Path, unfinished: Sequence[str]) -> None:
    if unfinished:
        raise denied(f"Not whole yet: {', '.join(unfinished)}. Send them first.")
    there = {path.name: path.stat().st_size for path in list_arrived(folder)}
    if not there:
        raise denied("There is no file in the folder yet.")
    if declaration.files is None:
        return
    if any(there.get(name) != file.bytes for name, file in declaration.files.items()):
        raise denied(f"{DECLARATION} lists a file that is not there, or has another size.")
    if unlisted := sorted(there.keys() - declaration.files.keys()):
        raise denied(f"{DECLARATION} does not list {', '.join(unlisted)}.")
