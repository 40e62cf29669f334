"""Object stores through obstore: how one is opened, and what its errors mean to a person.

S3 and everything that speaks like it are tested against real servers. Google's own protocol
is spoken by obstore as well, but no emulator serves all of it: listing and reading are tested
against a server that answers in the same form, writing is not.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from obstore import exceptions
from obstore.store import GCSStore, S3Store

from commonweal.engine.settings import StorageSettings
from commonweal.schema.errors import CommonwealError

SCHEMES = ("s3", "gs")
_STATUS = re.compile(r"status code: (\d{3})")
_REFUSALS = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
_REFUSED = ("status code: 401", "status code: 403", "AccessDenied")


class StorageError(CommonwealError):
    """A store cannot be used just now: it is away, refuses, or is set up wrongly."""


def open_bucket(url: str, settings: StorageSettings) -> S3Store | GCSStore:
    """The store behind a URL such as ``s3://bucket/folder``; nothing is sent yet.

    Raises:
        StorageError: the settings do not make a store.
    """
    parts = urlsplit(url)
    options: dict[str, Any] = {
        "prefix": parts.path.strip("/") or None,
        "client_options": {
            "allow_http": str(settings.endpoint).startswith("http://"),
            "timeout": timedelta(seconds=settings.timeout_seconds),
            "connect_timeout": timedelta(seconds=min(settings.timeout_seconds, 5)),
        },
        "retry_config": {
            "max_retries": settings.retries,
            "retry_timeout": timedelta(seconds=settings.timeout_seconds * 2),
        },
    }
    try:
        if parts.scheme == "gs":
            return GCSStore(parts.netloc, **_google_key(settings), **options)
        return S3Store(parts.netloc, **_s3_options(settings), **options)
    except exceptions.BaseError:
        raise StorageError(
            f"The settings of storage make no store of {url}.",
            expected="a key file that can be read, and an address that is one",
            fix="Check storage.endpoint, and storage.google_key_file for gs://.",
        ) from None


def _s3_options(settings: StorageSettings) -> dict[str, Any]:
    options: dict[str, Any] = {"region": settings.region}
    if settings.endpoint:
        options |= {
            "endpoint": settings.endpoint.rstrip("/"),
            "virtual_hosted_style_request": False,
        }
    if settings.access_key and settings.secret_key:
        options["access_key_id"] = settings.access_key.get_secret_value()
        options["secret_access_key"] = settings.secret_key.get_secret_value()
    return options


def _google_key(settings: StorageSettings) -> dict[str, Any]:
    if settings.google_key_file is None:
        return {}
    return {"service_account_path": str(settings.google_key_file)}


@contextmanager
def explained(url: str) -> Iterator[None]:
    """Turn a store's errors into sentences; a file that is not there stays that.

    What the store itself said is left out: it is long, and may repeat names of files.

    Raises:
        StorageError: the store is away, refuses, or has no such bucket.
    """
    try:
        yield
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            raise _explain(url, error) from None
        raise FileNotFoundError(f"There is no such file in {url}") from None
    except (exceptions.AlreadyExistsError, exceptions.PreconditionError):
        raise
    except exceptions.BaseError as error:
        raise _explain(url, error) from None


def _explain(url: str, error: Exception) -> StorageError:
    said = str(error)
    status = next(iter(_STATUS.findall(said)), "")
    if isinstance(error, exceptions.InvalidPathError):
        return StorageError(
            f"A file below {url} has a name that cannot be used.",
            expected="names without control characters, '.' and '..'",
            fix="Have the site remove or rename it.",
        )
    if "NoSuchBucket" in said or "bucket does not exist" in said:
        return StorageError(
            f"There is no bucket at {url}.",
            expected="a bucket that exists",
            fix="Check how the bucket is spelled in the site registry, or have it created.",
        )
    if "169.254.169.254" in said or "metadata.google" in said:
        return StorageError(
            f"There is no key for {url}.",
            expected="storage.access_key_file and storage.secret_key_file, or google_key_file",
            fix="Set them, or run on a machine that has a role of its own in the cloud.",
        )
    if isinstance(error, _REFUSALS) or any(sign in said for sign in _REFUSED):
        return StorageError(
            f"The store refuses the work on {url}.",
            expected="keys that may list, read and write there",
            fix="Check the keys in the settings of storage, and what they are allowed.",
        )
    if not status and "HTTP error" in said:
        return StorageError(
            f"The store at {url} does not answer.",
            expected="a store that is up and can be reached from here",
            fix="Check storage.endpoint and the network; it is tried again at the next round.",
        )
    return StorageError(
        f"The store at {url} failed (status {status or 'unknown'}).",
        expected="a store that works",
        fix="Look at the store's own log; it is tried again at the next round.",
    )
