"""The vault: which random id each participant has in each tier, and by how much dates move.

It is a database of its own in the identifiable zone, append-only, and the only thing that
links a release to people. Draws are keyed with a secret made once, so that a run killed
between drawing and storing draws the same again.
"""

import hashlib
import hmac
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from commonweal.engine.storage import make_private
from commonweal.schema.errors import CommonwealError

APPLICATION_ID = 0x436D5761
"""Marks an SQLite file as a vault, so that another database is never taken for one."""
FORMAT_VERSION = 1
KEY_BYTES = 32
ID_LIMIT = 2**31 - 1
MOST_SHIFT_DAYS = 364
WAIT_SECONDS = 30.0

_TABLES = """
CREATE TABLE key (id INTEGER PRIMARY KEY CHECK (id = 1), secret BLOB NOT NULL);
CREATE TABLE person_id (
  tier TEXT NOT NULL,
  participant_id INTEGER NOT NULL,
  tier_person_id INTEGER NOT NULL UNIQUE CHECK (tier_person_id BETWEEN 1 AND 2147483647),
  PRIMARY KEY (tier, participant_id)
) WITHOUT ROWID;
CREATE TABLE shift (
  participant_id INTEGER PRIMARY KEY,
  days INTEGER NOT NULL CHECK (days BETWEEN 1 AND 364)
);
"""
_KEYS_OF = {
    "key": ("id",),
    "person_id": ("tier", "participant_id"),
    "shift": ("participant_id",),
}


class VaultError(CommonwealError):
    """The vault cannot be used; nothing may be de-identified without it."""


class Vault:
    """An open vault. Made by :func:`open_vault`; closed when its ``with`` block ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        (self._key,) = connection.execute("SELECT secret FROM key").fetchone()

    def person_map(self, tier: str, participants: Iterable[int]) -> pa.Table:
        """Return ``participant_id, tier_person_id`` of the participants, drawing what is new.

        Ids are 1 to 2³¹ − 1, differ in every tier, and are never the id of a participant
        known here. New ones are stored before they are returned.
        """
        wanted = sorted(set(participants))
        with self._storing():
            known = self._known_ids(tier)
            new = [participant for participant in wanted if participant not in known]
            drawn = self._draw_ids(tier, new, taken=self._taken_ids(wanted)) if new else {}
            self._connection.executemany(
                "INSERT INTO person_id VALUES (?, ?, ?)",
                ((tier, participant, drawn[participant]) for participant in new),
            )
        known.update(drawn)
        return _pairs("tier_person_id", wanted, known)

    def shifts(self, participants: Iterable[int]) -> pa.Table:
        """Return ``participant_id, days``: 1 to 364 days, one number per person for good."""
        wanted = sorted(set(participants))
        with self._storing():
            known: dict[int, int] = dict(self._connection.execute("SELECT * FROM shift"))
            drawn = {p: self._draw_shift(p) for p in wanted if p not in known}
            self._connection.executemany("INSERT INTO shift VALUES (?, ?)", drawn.items())
        known.update(drawn)
        return _pairs("days", wanted, known)

    def digest(self, tier: str, participants: Iterable[int], *, shifted: bool) -> str:
        """Hash of the part of the vault that a tier of these participants uses.

        It is keyed: without the key nobody can try out pairs against a printed digest.
        """
        wanted = sorted(set(participants))
        tables = [self.person_map(tier, wanted)] + ([self.shifts(wanted)] if shifted else [])
        keyed = hmac.new(self._key, f"digest|{tier}|{len(wanted)}".encode(), hashlib.sha256)
        for table in tables:
            for column in table.columns:
                keyed.update(column.to_numpy().tobytes())
        return keyed.hexdigest()

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _storing(self) -> Iterator[None]:
        """One transaction: what the block draws is stored when it ends, or not at all."""
        with _told_plainly():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.rollback()
                raise

    def _known_ids(self, tier: str) -> dict[int, int]:
        query = "SELECT participant_id, tier_person_id FROM person_id WHERE tier = ?"
        return dict(self._connection.execute(query, (tier,)))

    def _taken_ids(self, participants: Iterable[int]) -> set[int]:
        query = "SELECT participant_id, tier_person_id FROM person_id"
        taken = {number for row in self._connection.execute(query) for number in row}
        taken.update(participants)
        return taken

    def _draw_ids(
        self, tier: str, participants: Iterable[int], *, taken: set[int]
    ) -> dict[int, int]:
        drawn: dict[int, int] = {}
        for participant in participants:
            attempt = 0
            while (number := self._draw_id(tier, participant, attempt)) in taken or number == 0:
                attempt += 1
            taken.add(number)
            drawn[participant] = number
        return drawn

    def _draw_id(self, tier: str, participant: int, attempt: int) -> int:
        return self._draw(f"id|{tier}|{participant}|{attempt}") & ID_LIMIT

    def _draw_shift(self, participant: int) -> int:
        return 1 + self._draw(f"shift|{participant}") % MOST_SHIFT_DAYS

    def _draw(self, message: str) -> int:
        return int.from_bytes(hmac.digest(self._key, message.encode(), "sha256"))


def open_vault(path: Path, *, must_exist: bool = False, new_key: bytes | None = None) -> Vault:
    """Open the vault, making it first when there is none.

    Args:
        path: the SQLite file.
        must_exist: True when releases were made already. A new vault would then give the
            same participants other ids, so a missing or empty one is an error.
        new_key: key of a vault that is made; drawn at random when not given. Only for made-up
            people, who are to get the same ids wherever they are made.

    Raises:
        VaultError: the file is missing though it must exist, is damaged, is another kind of
            database, may be read by others, or cannot be opened.
    """
    if new_key is not None and len(new_key) != KEY_BYTES:
        raise ValueError(f"the key of a vault has {KEY_BYTES} bytes")
    if must_exist and not path.exists():
        raise _missing(path)
    with _told_plainly():
        _claim_file(path)
        connection = sqlite3.connect(path, timeout=WAIT_SECONDS, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA synchronous = FULL")
            if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                if must_exist:
                    raise _missing(path)
                _make_tables(connection, new_key or secrets.token_bytes(KEY_BYTES))
            _check_is_vault(connection, path)
            return Vault(connection)
        except BaseException:
            connection.close()
            raise


def _missing(path: Path) -> VaultError:
    return VaultError(
        f"The vault is missing: {path}",
        expected="the vault that the existing releases were made with",
        fix="Restore it from the backup. A new one would break the ids of every release.",
    )


def _claim_file(path: Path) -> None:
    """Make the file readable by its owner alone before SQLite writes a byte."""
    make_private(path.parent)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    if path.stat().st_mode & 0o077:
        raise VaultError(
            f"Others than its owner may open the vault: {path}",
            expected="permissions 0600",
            fix=f"Find out who could read it, then run: chmod 600 {path}",
        )


def _make_tables(connection: sqlite3.Connection, key: bytes) -> None:
    connection.execute("BEGIN IMMEDIATE")
    if _pragma(connection, "user_version") == 0:
        for statement in [*_TABLES.split(";\n"), *_append_only_triggers()]:
            connection.execute(statement)
        connection.execute("INSERT INTO key VALUES (1, ?)", (key,))
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
    connection.execute("COMMIT")


def _append_only_triggers() -> Iterator[str]:
    """Triggers that refuse every change but a new row.

    INSERT OR REPLACE deletes without firing delete triggers, hence the one on insert.
    """
    refusal = "BEGIN SELECT RAISE(ABORT, 'the vault is append-only'); END"
    for table, keys in _KEYS_OF.items():
        same = " AND ".join(f"{key} = NEW.{key}" for key in keys)
        yield f"CREATE TRIGGER {table}_update BEFORE UPDATE ON {table} {refusal}"
        yield f"CREATE TRIGGER {table}_delete BEFORE DELETE ON {table} {refusal}"
        yield (
            f"CREATE TRIGGER {table}_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) {refusal}"
        )


def _check_is_vault(connection: sqlite3.Connection, path: Path) -> None:
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise VaultError(
            f"This file is a database, but not a vault: {path}",
            fix="Check the folder of the programme, or restore the vault from the backup.",
        )
    if _pragma(connection, "user_version") != FORMAT_VERSION:
        raise VaultError(
            f"The vault was written by another version of Commonweal: {path}",
            fix="Use the version that wrote it.",
        )
    if _pragma(connection, "quick_check") != "ok":
        raise VaultError(f"The vault is damaged: {path}", fix="Restore it from the backup.")


def _pragma(connection: sqlite3.Connection, name: str) -> object:
    value: object = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value


def _pairs(name: str, participants: list[int], values: dict[int, int]) -> pa.Table:
    return pa.table(
        {
            "participant_id": pa.array(participants, pa.int64()),
            name: pa.array([values[p] for p in participants], pa.int64()),
        }
    )


@contextmanager
def _told_plainly() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise VaultError(
            f"The vault cannot be used ({type(error).__name__}).",
            expected="an undamaged vault that may be written",
            fix="Check the disk and its permissions; if the file is damaged, restore the backup.",
        ) from error
    except OSError as error:
        raise VaultError(
            f"The vault cannot be opened: {error.strerror}",
            fix="Check the folder and its permissions.",
        ) from error
