"""Which publishing store of each tier is the current one; older files stay where they are."""

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from commonweal.engine.storage import readable_json
from commonweal.publish.model import ReleaseFacts
from commonweal.publish.reader import PublishingStore
from commonweal.schema.errors import CommonwealError

PUBLIC_TIER = "registered"
"""The tier whose figures the public pages show, where it has been published."""

_FOLDER = "publishing"
_FILE = "current.json"


def store_path(home: Path, release_id: str, content_hash: str) -> Path:
    """Where the publishing store of a release belongs."""
    return home / _FOLDER / f"{release_id}-{content_hash[:8]}.sqlite"


def set_current(home: Path, tier: str, store: Path) -> None:
    """Make ``store``, a file in the publishing folder, the current one of its tier, at once.

    Raises:
        CommonwealError: the store is not there, or the pointer is damaged.
    """
    folder = home / _FOLDER
    if store.parent.resolve() != folder.resolve() or not store.is_file():
        raise CommonwealError(
            f"{store} cannot be made current.",
            expected=f"a publishing store in {folder}",
            fix="Publish the release first.",
        )
    content = readable_json({**_read(home), tier: store.name})
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".partial-", delete=False) as scratch:
        scratch.write(content)
        scratch.flush()
        os.fsync(scratch.fileno())
    Path(scratch.name).chmod(0o644)
    Path(scratch.name).replace(folder / _FILE)


def list_current(home: Path) -> dict[str, Path]:
    """The current publishing stores by tier.

    Raises:
        CommonwealError: the pointer is damaged.
    """
    return {tier: home / _FOLDER / name for tier, name in _read(home).items()}


def find_current(home: Path, tier: str | None = None) -> Path | None:
    """The current store of a tier; without one, the store the public pages show.

    Raises:
        CommonwealError: the pointer is damaged.
    """
    current = list_current(home)
    if tier is not None:
        return current.get(tier)
    return current.get(PUBLIC_TIER) or next(iter(current.values()), None)


def list_others(home: Path, release: ReleaseFacts) -> list[Path]:
    """The stores of all other releases of the same tier; what they say holds back what is new.

    They are those published before, whatever their cut-offs: a release with an older cut-off
    that is published last stands beside newer ones too. So what was published before is an
    input of a store: the same releases published in another order hold back other counts.

    Raises:
        CommonwealError: a file there is no publishing store this version can read.
    """
    own = store_path(home, release.id, release.content_hash)
    files = sorted((home / _FOLDER).glob("[!.]*.sqlite"))
    return [path for path in files if path != own and _read_tier(path) == release.tier]


def _read_tier(path: Path) -> str:
    with closing(PublishingStore(path)) as store:
        return store.release().tier


def _read(home: Path) -> Mapping[str, str]:
    file = home / _FOLDER / _FILE
    try:
        current = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError:
        current = None
    if not isinstance(current, dict) or not all(_is_name(name) for name in current.values()):
        raise CommonwealError(
            f"{file} is damaged.",
            expected="for each tier the name of a file in the same folder",
            fix="Publish a release again, or bring the file back from a copy.",
        )
    return current


def _is_name(name: object) -> bool:
    return isinstance(name, str) and name == Path(name).name and name.endswith(".sqlite")
