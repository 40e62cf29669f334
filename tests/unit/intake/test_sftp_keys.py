"""Public keys of stewards: which are taken, who they let in, and that nothing is forgotten."""

from base64 import b64decode
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from commonweal.intake.onboarding import record_deprovisioned, record_reopened
from commonweal.intake.sftp.keys import (
    MOST_KEYS,
    add_key,
    find_fingerprint,
    find_key,
    list_keys,
    remove_key,
)
from commonweal.intake.sites import Site, register_site
from commonweal.intake.stewards import (
    MOST_STEWARDS,
    list_accounts,
    record_account_closed,
    record_account_opened,
)
from commonweal.schema.errors import CommonwealError

NOW = datetime(2026, 11, 25, tzinfo=UTC)
PRIVATE = ed25519.Ed25519PrivateKey.generate()


def public_line(
    key: ed25519.Ed25519PrivateKey
    | ec.EllipticCurvePrivateKey
    | rsa.RSAPrivateKey
    | dsa.DSAPrivateKey = PRIVATE,
) -> str:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    register_site(tmp_path, Site("general", "General"))
    for steward in ("anna", "ben"):
        open_account(tmp_path, steward)
    return tmp_path


def open_account(home: Path, steward: str, now: datetime = NOW) -> None:
    record_account_opened(home, "general", email=steward, by="curator", now=now)


def close_account(home: Path, steward: str) -> None:
    record_account_closed(home, "general", email=steward, by="curator", now=NOW)


def add(home: Path, text: str, steward: str = "anna", now: datetime = NOW) -> str:
    return add_key(home, site="general", steward=steward, text=text, now=now).fingerprint


def opens(home: Path, line: str) -> bool:
    return find_key(home, "general", b64decode(line.split()[1])) is not None


def test_a_key_is_added_once_and_listed_until_it_is_removed(home: Path) -> None:
    assert list_keys(home, "general") == []
    fingerprint = add(home, public_line() + " anna@laptop\n")
    assert add(home, public_line()) == fingerprint
    assert [(k.steward, k.fingerprint) for k in list_keys(home, "general")] == [
        ("anna", fingerprint)
    ]
    for _ in range(2):
        removed = remove_key(home, site="general", fingerprint=fingerprint, now=NOW)
        assert removed.steward == "anna"
    assert list_keys(home, "general") == []
    records = sorted(path.suffixes for path in (home / "registry" / "sftp-keys").rglob("*.json"))
    assert records == [[".json"], [".removed", ".json"]]


def test_a_key_stays_with_its_steward_and_does_not_come_back(home: Path) -> None:
    fingerprint = add(home, public_line())
    with pytest.raises(CommonwealError, match="added before"):
        add(home, public_line(), steward="ben")
    remove_key(home, site="general", fingerprint=fingerprint, now=NOW)
    with pytest.raises(CommonwealError, match="added before"):
        add(home, public_line())


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_kinds_that_are_taken(home: Path, curve: ec.EllipticCurve) -> None:
    assert add(home, public_line(ec.generate_private_key(curve))).startswith("SHA256:")


def test_rsa_has_to_be_long_enough(home: Path) -> None:
    assert add(home, public_line(rsa.generate_private_key(65537, 3072)))
    with pytest.raises(CommonwealError, match="2048 bits, which is too short"):
        add(home, public_line(rsa.generate_private_key(65537, 2048)))


def test_a_private_key_is_refused_and_not_repeated(home: Path) -> None:
    text = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()
    with pytest.raises(CommonwealError, match="private key") as refused:
        add(home, text)
    assert text.splitlines()[1] not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    ["", "hello", "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-ed25519 %%%", "ssh-dss AAAAB3NzaC1kc3M="],
)
def test_what_is_no_key_is_told(home: Path, text: str) -> None:
    with pytest.raises(CommonwealError) as refused:
        add(home, text)
    assert "ssh-keygen" in refused.value.fix
    assert list_keys(home, "general") == []


def test_two_lines_are_not_one_key(home: Path) -> None:
    with pytest.raises(CommonwealError, match="not a public key"):
        add(home, public_line() + "\n" + public_line(ed25519.Ed25519PrivateKey.generate()))


def test_a_key_needs_a_site_and_the_open_account_of_a_steward(home: Path) -> None:
    for nobody in ("  ", "zoe@general.example"):
        with pytest.raises(CommonwealError, match="no steward with this email"):
            add(home, public_line(), steward=nobody)
    register_site(home, Site("county", "County"))
    with pytest.raises(CommonwealError, match="no steward with this email"):
        add_key(home, site="county", steward="anna", text=public_line(), now=NOW)
    with pytest.raises(CommonwealError, match="no site called"):
        add_key(home, site="../general", steward="anna", text=public_line(), now=NOW)
    with pytest.raises(CommonwealError, match="has no key"):
        remove_key(home, site="general", fingerprint="SHA256:none", now=NOW)
    add(home, public_line(), steward=" Anna ")
    assert [key.steward for key in list_keys(home, "general")] == ["anna"]


def test_a_key_is_closed_with_the_account_and_does_not_come_back_with_it(home: Path) -> None:
    line = public_line()
    add(home, line)
    add(home, public_line(ed25519.Ed25519PrivateKey.generate()), steward="ben")
    assert opens(home, line)
    close_account(home, "anna")
    assert not opens(home, line)
    assert [key.steward for key in list_keys(home, "general")] == ["ben"]
    later = NOW + timedelta(days=1)
    open_account(home, "anna", later)
    assert not opens(home, line)
    with pytest.raises(CommonwealError, match="added before"):
        add(home, line, now=later)
    add(home, public_line(ed25519.Ed25519PrivateKey.generate()), now=later)


def test_closing_a_site_closes_accounts_and_keys_for_good(home: Path) -> None:
    line = public_line()
    add(home, line)
    record_deprovisioned(home, "general", on=NOW.date(), reason="x", by="curator", now=NOW)
    with pytest.raises(CommonwealError, match="closed"):
        open_account(home, "anna")
    assert not opens(home, line)
    record_reopened(home, "general", by="curator", now=NOW)
    assert (opens(home, line), list_accounts(home, "general")) == (False, [])


def test_a_site_has_two_stewards_and_each_has_a_few_keys(home: Path) -> None:
    open_account(home, "Anna")
    with pytest.raises(CommonwealError, match="2 stewards already"):
        open_account(home, "carl")
    for _ in range(MOST_KEYS):
        last = add(home, public_line(ed25519.Ed25519PrivateKey.generate()))
    with pytest.raises(CommonwealError, match="3 keys already"):
        add(home, public_line())
    remove_key(home, site="general", fingerprint=last, now=NOW)
    add(home, public_line())
    add(home, public_line(ed25519.Ed25519PrivateKey.generate()), steward="ben")


def test_the_fingerprint_is_the_one_openssh_prints() -> None:
    """Base64 of SHA-256 without padding; the digest of "abc" is in FIPS 180."""
    assert find_fingerprint(b"abc") == "SHA256:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0"


def test_of_many_stewards_added_at_once_two_get_an_account(tmp_path: Path) -> None:
    register_site(tmp_path, Site("clinic", "The clinic"))
    together = Barrier(6)

    def add(number: int) -> bool:
        together.wait()
        try:
            email = f"s{number}@clinic.example"
            record_account_opened(tmp_path, "clinic", email=email, by="Cora", now=NOW)
        except CommonwealError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        added = list(pool.map(add, range(6)))
    assert sum(added) == len(list_accounts(tmp_path, "clinic")) == MOST_STEWARDS
