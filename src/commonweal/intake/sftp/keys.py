"""Who may sign in to the SFTP drop: public keys, one append-only record for each.

They lie in the registry beside the sites. A key is added for a site and the steward who
holds it; taking it away writes a second record, so that both can be seen for good.
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
from commonweal.schema.errors import CommonwealError

KINDS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")
RSA = "ssh-rsa"
LEAST_RSA_BITS = 3072


@dataclass(frozen=True)
class StewardKey:
    """A public key that opens a site's drop area; ``fingerprint`` as OpenSSH writes it."""

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
        CommonwealError: there is no such site, the text is no key we take, or the key was
            taken away before or belongs to another steward.
    """
    get_site(home, site)
    _check_steward(steward)
    kind, blob = _parse(text)
    public_key = f"{kind} {base64.b64encode(blob).decode()}"
    key = StewardKey(site, steward, find_fingerprint(blob), public_key, now)
    place, name = _place(home, site), _name(blob)
    if place.create(f"{name}.json", readable_json(key.to_json())):
        return key
    known = _read(place.path / f"{name}.json")
    if known.steward != steward or (place.path / f"{name}.removed.json").exists():
        raise CommonwealError(
            f"The key {key.fingerprint} was added before, for another steward or one who has "
            "lost it.",
            expected="a new key for each steward",
            fix="Have the steward make a new one: ssh-keygen -t ed25519",
        )
    return known


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
    found = [_read(file) for file in _list_records(folder) if not _is_removed(file)]
    return sorted(found, key=lambda key: (key.steward, key.added_at))


def find_key(home: Path, site: str, blob: bytes) -> StewardKey | None:
    """The steward's key that consists of these bytes, if it opens the site's area now."""
    file = _place(home, site).path / f"{_name(blob)}.json"
    return _read(file) if file.is_file() and not _is_removed(file) else None


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


def _check_steward(steward: str) -> None:
    if not steward.strip() or not steward.isprintable():
        raise CommonwealError(
            "A key needs the name of the steward who holds it.",
            fix="Give it with --steward, such as --steward anna.meyer@general.example",
        )


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
