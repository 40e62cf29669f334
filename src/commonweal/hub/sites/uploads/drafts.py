"""A submission in the making: a hidden folder that one steward fills from a browser.

It lies in the site's drop area as ``.part-ID``, belongs to the steward who began it, and
becomes the next submission of the day in one step when it is finished. So two stewards who
upload at once, of one site or of two, never write into the same folder, and the intake never
sees half a submission.
"""

import json
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from itertools import chain
from pathlib import Path

from commonweal.engine.settings import DropSettings
from commonweal.engine.storage import hold_lock, readable_json
from commonweal.hub.sites.uploads.protocol import Creation, RefusedError
from commonweal.hub.sites.uploads.storage import (
    ID,
    Upload,
    complete,
    create_upload,
    get_file,
    list_uploads,
    remove_upload,
)
from commonweal.intake.drop_area import (
    OWNER,
    PART,
    check_file_name,
    check_room,
    hand_over,
    list_areas,
    sync,
    write_declaration,
)
from commonweal.intake.lifecycle.declaration import Declaration, ListedFile
from commonweal.intake.sites import Purpose
from commonweal.schema.errors import CommonwealError

STATE = f"{PART}draft"
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True)
class Draft:
    """What a steward has begun to upload. ``steward`` is the key of the account."""

    id: str
    steward: str
    purpose: Purpose
    synthetic: bool
    dialect: str
    created_at: datetime
    folder: Path


def start_draft(
    area: Path,
    *,
    steward: str,
    purpose: Purpose,
    synthetic: bool,
    dialect: str,
    now: datetime,
) -> Draft:
    """Begin a submission in a site's drop area: a folder that nobody else writes to."""
    draft_id = secrets.token_hex(16)
    folder = area / f"{PART}{draft_id}"
    draft = Draft(draft_id, steward, purpose, synthetic, dialect, now, folder)
    folder.mkdir(mode=0o700)
    (folder / STATE).write_bytes(
        readable_json(
            {
                "steward": steward,
                "purpose": str(purpose),
                "synthetic": synthetic,
                "dialect": dialect,
                "created_at": now.isoformat(),
            }
        )
    )
    sync(folder / STATE)
    sync(folder)
    return draft


def find_draft(area: Path, *, steward: str, draft_id: str) -> Draft | None:
    """A steward's own draft in the drop area of the site; others' are not there for them."""
    if not ID.fullmatch(draft_id):
        return None
    draft = _read(area / f"{PART}{draft_id}")
    return draft if draft and draft.steward == steward else None


def list_drafts(area: Path, *, steward: str) -> list[Draft]:
    """A steward's own drafts, the latest first."""
    found = (_read(folder) for folder in area.glob(f"{PART}*"))
    own = [draft for draft in found if draft and draft.steward == steward]
    return sorted(own, key=lambda draft: draft.created_at, reverse=True)


def add_upload(
    draft: Draft, creation: Creation, *, settings: DropSettings, home: Path, now: datetime
) -> Upload:
    """Begin to upload a file, if its name fits the layout and there is room for it.

    Raises:
        RefusedError: 400 for a name or checksum that does not fit, 404 when the draft is no
            more, 507 when there is no room.
    """
    name = creation.metadata.get("filename", creation.metadata.get("name", ""))
    sha256 = creation.metadata.get("sha256", "").lower()
    if sha256 and not _SHA256.fullmatch(sha256):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "The SHA-256 has to be 64 hex digits.")
    try:
        check_file_name(name)
    except CommonwealError as error:
        raise RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from error
    # One creation at a time, so that room is not promised twice.
    with hold_lock(home / "drop" / f"{PART}room.lock"), _unfinished(draft):
        replaced = [u for u in list_uploads(draft.folder) if u.name.lower() == name.lower()]
        _check_room(draft, creation.length, replaced, settings, home)
        return create_upload(
            draft.folder,
            name=name,
            length=creation.length,
            sha256=sha256,
            modified=creation.metadata.get("modified", "")[:32],
            now=now,
        )


def finish_draft(
    draft: Draft, stated: Mapping[str, str], *, now: datetime, known: Iterable[str] = ()
) -> Path:
    """Declare what was uploaded and hand the folder over; return where it is now.

    ``known`` are names of the site's folders that are remembered and may not lie in the area any
    more. ``stated`` has hex SHA-256 by name of the file, as computed where the files come from; a
    file that arrived differently is thrown away, so that it can be sent again.

    Raises:
        CommonwealError: there is no file, one is not whole, or one is not what was stated.
        RefusedError: 404, when the draft is no more.
    """
    with _unfinished(draft):
        uploads = list_uploads(draft.folder)
        for upload in uploads:
            complete(upload)
        _check_all_whole(uploads)
        files = {upload.name: get_file(upload) for upload in uploads}
        _check_as_stated(uploads, files, stated)
        declaration = Declaration(draft.purpose, draft.synthetic, draft.dialect, files)
        write_declaration(draft.folder, declaration)
        handed_in = hand_over(draft.folder, draft.folder.parent, now.date(), known=known)
    for left in handed_in.glob(f"{PART}*"):
        left.unlink()
    return handed_in


def discard_draft(draft: Draft) -> None:
    """Throw a draft away, with everything in it."""
    with _unfinished(draft):
        for upload in list_uploads(draft.folder):
            remove_upload(upload)
        shutil.rmtree(draft.folder)


def remove_expired(home: Path, *, keep: timedelta, now: datetime) -> list[str]:
    """Throw away what nobody has gone on with for ``keep``; return what went, by site.

    Unfinished files go by themselves; a draft goes when nothing in it is younger.
    """
    before = (now - keep).timestamp()
    gone: list[str] = []
    for area in list_areas(home):
        for folder in sorted(path for path in area.glob("*/") if not path.is_symlink()):
            draft = _read(folder)
            if draft is None:
                gone += _remove_stale_parts(folder, before)
            elif _find_newest(folder) < before:
                with hold_lock(_lock_of(draft)):
                    shutil.rmtree(draft.folder, ignore_errors=True)
                gone.append(f"{area.name}: a submission begun {draft.created_at:%Y-%m-%d}")
    return gone


def _remove_stale_parts(folder: Path, before: float) -> list[str]:
    """What a broken connection left in a folder that is not a draft of ours."""
    parts = [path for path in folder.glob(f"{PART}*") if path.name != OWNER and path.is_file()]
    stale = [path for path in parts if path.stat().st_mtime < before]
    for path in stale:
        path.unlink()
    return [f"{folder.parent.name}: an unfinished file in {folder.name}" for _ in stale]


def _find_newest(folder: Path) -> float:
    return max(path.stat().st_mtime for path in (folder, *folder.iterdir()))


def _check_room(
    draft: Draft, length: int, replaced: Iterable[Upload], settings: DropSettings, home: Path
) -> None:
    promised = {True: 0, False: 0}
    for folder in chain.from_iterable(area.glob(f"{PART}*/") for area in list_areas(home)):
        here = folder.parent == draft.folder.parent
        promised[here] += sum(upload.length - upload.offset for upload in list_uploads(folder))
    given_back = sum(upload.length for upload in replaced)
    try:
        check_room(
            draft.folder.parent,
            settings,
            wanted=max(length - given_back, 0),
            promised=promised[True],
            elsewhere=promised[False],
        )
    except CommonwealError as error:
        raise RefusedError(HTTPStatus.INSUFFICIENT_STORAGE, str(error)) from error


def _check_all_whole(uploads: list[Upload]) -> None:
    if not uploads:
        raise CommonwealError(
            "There is no file in this submission yet.", fix="Choose the files and upload them."
        )
    missing = [upload.name for upload in uploads if not upload.is_whole]
    if missing:
        raise CommonwealError(
            f"Not whole yet: {', '.join(missing)}.",
            expected="every file to have arrived",
            fix="Go on with these files by choosing them again, or take them out.",
        )


def _check_as_stated(
    uploads: list[Upload], files: Mapping[str, ListedFile], stated: Mapping[str, str]
) -> None:
    arrived = {name: file.sha256 for name, file in files.items()}
    others = [u for u in uploads if stated.get(u.name, arrived[u.name]) != arrived[u.name]]
    for upload in others:
        remove_upload(upload)
    if others:
        raise CommonwealError(
            f"Not as they are on your machine: {', '.join(u.name for u in others)}.",
            expected="files whose checksums are the same here and there",
            fix="Choose these files again; what arrived of them has been thrown away.",
        )


def _lock_of(draft: Draft) -> Path:
    return draft.folder.with_name(f"{draft.folder.name}.lock")


@contextmanager
def _unfinished(draft: Draft) -> Iterator[None]:
    """Be the only one who changes which files a draft has, as long as it is one."""
    with hold_lock(_lock_of(draft)):
        if not (draft.folder / STATE).is_file():
            raise RefusedError(
                HTTPStatus.NOT_FOUND, "This submission has been handed in or discarded."
            )
        yield


def _read(folder: Path) -> Draft | None:
    try:
        content = json.loads((folder / STATE).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Draft(
        id=folder.name.removeprefix(PART),
        steward=content["steward"],
        purpose=Purpose(content["purpose"]),
        synthetic=content["synthetic"],
        dialect=content["dialect"],
        created_at=datetime.fromisoformat(content["created_at"]),
        folder=folder,
    )
