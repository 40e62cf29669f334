"""Who may sign in to the SFTP drop: public keys, one append-only record for each.

They lie in the registry beside the sites. A key belongs to the account of a steward: it can be
added while the account is open, and opens nothing once the account or the site was closed.
Taking it away writes a second record, so that both can be seen for good.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_ssh_public_key

from commonweal.engine.storage import Location, readable_json
from commonweal.intake.sites import get_site
from commonweal.intake.stewards import find_account, list_accounts
from commonweal.schema.errors import CommonwealError

KINDS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
RSA = "ssh-rsa"
LEAST_RSA_BITS = 3072
MOST_KEYS = 3
"""Of one steward at a time: a desk, a program that sends, and the next one of either."""


@dataclass(frozen=True)
class StewardKey:
    """A public key that opens a site's drop area; ``fingerprint`` as OpenSSH writes it.

    ``steward`` is the email address of the account that the key belongs to.
    """

    site: str
    steward: str
    fingerprint: str
    public_key: str
    added_at: datetime

    def to_json(self) -> dict[str, Any]:
        return {
            "site": self.site,
            "steward": self.steward,
            "fingerprint": self.fingerprint,
            "public_key": self.public_key,
            "added_at": self.added_at.isoformat(),
        }


def add_key(home: Path, *, site: str, steward: str, text: str, now: datetime) -> StewardKey:
    """Let the holder of a key in; ``text`` is the one line of an OpenSSH public key file.

    Adding the same key for the same steward again changes nothing.

    Raises:
        CommonwealError: there is no such site, the steward has no open account at it or as
            many keys as anybody may have, the text is no key we take, or the key was taken
            away before or belongs to another steward.
    """
    get_site(home, site)
    steward = _get_steward(home, site, steward)
    kind, blob = _parse(text)
    known = find_key(home, site, blob)
    if known is not None and known.steward == steward:
        return known
    _check_number(home, site, steward)
    public_key = f"{kind} {base64.b64encode(blob).decode()}"
    key = StewardKey(site, steward, find_fingerprint(blob), public_key, now)
    if not _place(home, site).create(f"{_name(blob)}.json", readable_json(key.to_json())):
        raise CommonwealError(
            f"The key {key.fingerprint} was added before, for another steward or one who has "
            "lost it.",
            expected="a new key for each steward",
            fix="Have the steward make a new one: ssh-keygen -t ed25519",
        )
    return key


def remove_key(home: Path, *, site: str, fingerprint: str, now: datetime) -> StewardKey:
    """Take a key away, for good; removing it again changes nothing.

    Raises:
        CommonwealError: the site has no such key.
    """
    get_site(home, site)
    place = _place(home, site)
    for file in _list_records(place.path):
        key = _read(file)
        if key.fingerprint == fingerprint:
            gone = {"fingerprint": fingerprint, "removed_at": now.isoformat()}
            place.create(f"{file.stem}.removed.json", readable_json(gone))
            return key
    raise CommonwealError(
        f"The site {site} has no key {fingerprint}.",
        expected="a fingerprint that begins with SHA256:",
        fix=f"List the keys: commonweal sftp key list --site {site}",
    )


def list_keys(home: Path, site: str) -> list[StewardKey]:
    """The keys that open a site's drop area now, by steward.

    Raises:
        CommonwealError: there is no such site.
    """
    get_site(home, site)
    folder = _place(home, site).path
    kept = [_read(file) for file in _list_records(folder) if not _is_removed(file)]
    opened = _list_opened(home, site)
    found = [key for key in kept if _belongs(key, opened)]
    return sorted(found, key=lambda key: (key.steward, key.added_at))


def find_key(home: Path, site: str, blob: bytes) -> StewardKey | None:
    """The steward's key that consists of these bytes, if it opens the site's area now."""
    file = _place(home, site).path / f"{_name(blob)}.json"
    if not file.is_file() or _is_removed(file):
        return None
    key = _read(file)
    return key if _belongs(key, _list_opened(home, site)) else None


def list_places(home: Path, site: str) -> tuple[Path, Path]:
    """The folders that get a file when a key, an account or the site is opened or closed."""
    return _place(home, site).path, home / "registry" / "events" / site


def find_fingerprint(blob: bytes) -> str:
    """The fingerprint of a public key's bytes, as ``ssh-keygen -l`` prints it."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


def _parse(text: str) -> tuple[str, bytes]:
    """Kind and bytes of a public key; what was given is never repeated: it may be a secret."""
    lines = text.strip().splitlines()
    if any("PRIVATE KEY" in line for line in lines):
        raise _no_key("This is a private key, which nobody else should see.")
    parts = lines[0].split() if len(lines) == 1 else []
    if len(parts) < 2 or parts[0] not in (*KINDS, RSA):
        raise _no_key("This is not a public key of a kind that is taken.")
    try:
        blob = base64.b64decode(parts[1], validate=True)
        key = load_ssh_public_key(f"{parts[0]} {parts[1]}".encode())
    except (ValueError, UnsupportedAlgorithm, binascii.Error):
        raise _no_key("This is not a whole public key.") from None
    if isinstance(key, RSAPublicKey) and key.key_size < LEAST_RSA_BITS:
        raise _no_key(f"This RSA key has {key.key_size} bits, which is too short.")
    return parts[0], blob


def _no_key(found: str) -> CommonwealError:
    return CommonwealError(
        found,
        expected="the line of a .pub file: ssh-ed25519, ecdsa-sha2-nistp256 or its longer kin, "
        f"or ssh-rsa with {LEAST_RSA_BITS} bits",
        fix="Make a key with: ssh-keygen -t ed25519, and give the file that ends in .pub",
    )


def _get_steward(home: Path, site: str, steward: str) -> str:
    """The address of the open account that is meant."""
    account = find_account(home, site, steward)
    if account is None:
        known = ", ".join(one.email for one in list_accounts(home, site)) or "none so far"
        raise CommonwealError(
            f"The site {site} has no steward with this email address whose account is open.",
            expected=f"the email address of one of its stewards ({known})",
            fix="Open the steward's account first, on the page People of the site.",
        )
    return account.email


def _check_number(home: Path, site: str, steward: str) -> None:
    if sum(key.steward == steward for key in list_keys(home, site)) >= MOST_KEYS:
        raise CommonwealError(
            f"{steward} has {MOST_KEYS} keys already.",
            expected=f"at most {MOST_KEYS} keys of one steward",
            fix="Take one away that is not needed: "
            f"commonweal sftp key remove FINGERPRINT --site {site}",
        )


def _list_opened(home: Path, site: str) -> dict[str, datetime]:
    return {one.email: one.opened_at for one in list_accounts(home, site)}


def _belongs(key: StewardKey, opened: dict[str, datetime]) -> bool:
    """Whether a key was added for an account that is open, not for one of the same name before."""
    return key.steward in opened and opened[key.steward] <= key.added_at


def _place(home: Path, site: str) -> Location:
    return Location.of(home / "registry" / "sftp-keys" / site)


def _name(blob: bytes) -> str:
    return hashlib.sha256(blob).hexdigest()


def _list_records(folder: Path) -> list[Path]:
    return sorted(p for p in folder.glob("*.json") if not p.name.endswith(".removed.json"))


def _is_removed(record: Path) -> bool:
    return record.with_name(f"{record.stem}.removed.json").exists()


def _read(file: Path) -> StewardKey:
    content = json.loads(file.read_bytes())
    added_at = datetime.fromisoformat(content.pop("added_at"))
    return StewardKey(**content, added_at=added_at)
