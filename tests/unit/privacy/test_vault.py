"""The vault: keyed, stored before use, append-only, and never replaced by a new one."""

import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from commonweal.privacy.vault import Vault, VaultError, open_vault

KILLED_BEFORE_COMMIT = """
import os, signal, sys
from pathlib import Path
from commonweal.privacy.vault import open_vault

vault = open_vault(Path(sys.argv[1]))

def kill_at_commit(sql):
    if sql.startswith("INSERT INTO person_id"):
        print("drawn", flush=True)
    if sql.startswith("COMMIT"):
        os.kill(os.getpid(), signal.SIGKILL)

vault._connection.set_trace_callback(kill_at_commit)
vault.person_map("registered", range(1, 200))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "vault" / "vault.sqlite"


def ids_of(vault: Vault, tier: str, participants: list[int]) -> dict[int, int]:
    table = vault.person_map(tier, participants).to_pydict()
    return dict(zip(table["participant_id"], table["tier_person_id"], strict=True))


def days_of(vault: Vault, participants: list[int]) -> dict[int, int]:
    table = vault.shifts(participants).to_pydict()
    return dict(zip(table["participant_id"], table["days"], strict=True))


def test_ids_are_31_bit_unique_and_no_participants_own(path: Path) -> None:
    participants = list(range(1, 3001))
    with open_vault(path) as vault:
        ids = ids_of(vault, "registered", participants)
    assert list(ids) == participants
    assert len(set(ids.values())) == 3000
    assert all(1 <= number < 2**31 for number in ids.values())
    assert not set(ids.values()) & set(participants)
    assert max(ids.values()) > 2**30


def test_ids_and_shifts_stay_when_more_people_join(path: Path) -> None:
    with open_vault(path) as vault:
        first = ids_of(vault, "registered", [5, 3])
        shifts = days_of(vault, [5, 3])
    with open_vault(path, must_exist=True) as vault:
        later = ids_of(vault, "registered", [1, 3, 4, 5])
        later_shifts = days_of(vault, [1, 3, 4, 5])
    assert {p: later[p] for p in first} == first
    assert {p: later_shifts[p] for p in shifts} == shifts


def test_tiers_and_vaults_are_unrelated(path: Path, tmp_path: Path) -> None:
    participants = list(range(1, 500))
    with open_vault(path) as vault, open_vault(tmp_path / "other.sqlite") as other:
        registered = ids_of(vault, "registered", participants)
        controlled = ids_of(vault, "controlled", participants)
        elsewhere = ids_of(other, "registered", participants)
    assert not set(registered.values()) & set(controlled.values())
    assert sorted(registered, key=registered.__getitem__) != sorted(
        controlled, key=controlled.__getitem__
    )
    assert registered != elsewhere


def test_shifts_cover_the_year_and_nothing_else(path: Path) -> None:
    with open_vault(path) as vault:
        days = set(days_of(vault, list(range(1, 6000))).values())
    assert days == set(range(1, 365))


def test_a_draw_that_is_taken_is_drawn_again(path: Path, tmp_path: Path) -> None:
    with open_vault(path) as vault:
        secret = vault._key
        first_draw = vault._draw_id("registered", 1, 0)
    with open_vault(tmp_path / "same-key.sqlite") as vault:
        vault._key = secret
        ids = ids_of(vault, "registered", [1, first_draw])
    assert ids[1] != first_draw
    assert len(set(ids.values())) == 2


def test_killed_between_draw_and_commit_the_same_ids_come_again(path: Path) -> None:
    with open_vault(path) as vault:
        secret = vault._key
    run = subprocess.run(
        [sys.executable, "-c", KILLED_BEFORE_COMMIT, str(path)], capture_output=True, check=False
    )
    assert run.returncode == -signal.SIGKILL
    assert b"drawn" in run.stdout
    with open_vault(path, must_exist=True) as vault:
        assert vault._known_ids("registered") == {}
        expected = vault._draw_ids("registered", range(1, 200), taken=set(range(1, 200)))
        assert vault._key == secret
        assert ids_of(vault, "registered", list(range(1, 200))) == expected


def test_killed_while_it_is_made_a_vault_is_made_anew(path: Path) -> None:
    path.parent.mkdir()
    path.touch(mode=0o600)
    with open_vault(path) as vault:
        assert len(ids_of(vault, "registered", [1])) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE shift SET days = 1",
        "DELETE FROM shift",
        "INSERT OR REPLACE INTO shift VALUES (1, 1)",
        "UPDATE person_id SET tier_person_id = 1",
        "DELETE FROM person_id",
        "INSERT OR REPLACE INTO person_id VALUES ('registered', 1, 1)",
        "UPDATE key SET secret = x'00'",
        "DELETE FROM key",
        "INSERT OR REPLACE INTO key VALUES (1, x'00')",
    ],
)
def test_nothing_stored_can_be_changed(path: Path, statement: str) -> None:
    with open_vault(path) as vault:
        vault.person_map("registered", [1])
        vault.shifts([1])
    connection = sqlite3.connect(path)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()


def test_only_the_owner_may_read_it(path: Path) -> None:
    open_vault(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o640)
    with pytest.raises(VaultError, match="Others than its owner"):
        open_vault(path)


@pytest.mark.parametrize("leave_empty_file", [False, True])
def test_a_missing_vault_is_not_replaced_once_releases_exist(
    path: Path, *, leave_empty_file: bool
) -> None:
    if leave_empty_file:
        path.parent.mkdir()
        path.touch(mode=0o600)
    with pytest.raises(VaultError, match="missing"):
        open_vault(path, must_exist=True)
    assert path.exists() == leave_empty_file


def test_another_database_is_not_a_vault(path: Path) -> None:
    path.parent.mkdir()
    path.touch(mode=0o600)
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE key (secret)")
    connection.commit()
    connection.close()
    with pytest.raises(VaultError, match="not a vault"):
        open_vault(path)


def test_a_damaged_vault_is_said_to_be_damaged(path: Path) -> None:
    open_vault(path).close()
    path.write_bytes(b"no database at all" * 500)
    with pytest.raises(VaultError, match="cannot be used"):
        open_vault(path)
    path.unlink()
    with open_vault(path) as vault:
        vault.person_map("registered", range(1, 2000))
    content = bytearray(path.read_bytes())
    content[8192:20480] = b"\xff" * 12288
    path.write_bytes(content)
    with pytest.raises(VaultError, match=r"damaged|cannot be used"):
        open_vault(path)


def test_a_folder_is_not_a_vault(tmp_path: Path) -> None:
    with pytest.raises(VaultError, match="cannot be opened"):
        open_vault(tmp_path)


def test_the_digest_says_what_was_used_and_no_more(path: Path) -> None:
    with open_vault(path) as vault:
        shifted = vault.digest("registered", [2, 1], shifted=True)
        assert vault.digest("registered", [1, 2], shifted=False) != shifted
        assert vault.digest("registered", [1, 2, 3], shifted=True) != shifted
        assert vault.digest("controlled", [1, 2], shifted=True) != shifted
        assert vault.digest("registered", [1, 2], shifted=True) == shifted


def test_a_vault_of_made_up_people_gives_the_same_ids_everywhere(tmp_path: Path) -> None:
    key = bytes(range(32))
    people = list(range(1, 50))
    with (
        open_vault(tmp_path / "one" / "v.sqlite", new_key=key) as one,
        open_vault(tmp_path / "two" / "v.sqlite", new_key=key) as two,
        open_vault(tmp_path / "three" / "v.sqlite") as other,
    ):
        assert ids_of(one, "synthetic", people) == ids_of(two, "synthetic", people)
        assert one.shifts(people) == two.shifts(people)
        assert ids_of(one, "synthetic", people) != ids_of(other, "synthetic", people)


def test_a_key_of_another_length_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        open_vault(path, new_key=b"short")
    assert not path.exists()
