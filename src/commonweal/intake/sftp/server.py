"""The SFTP server: signs stewards in by key and shows each the drop of the site.

The package asyncssh (the extra ``sftp``) is imported here and in ``__main__`` alone, so the
product works without it. Every method of the library's server that would touch a path of
this machine is replaced; one that is not ends in ``map_path``, which refuses.
"""

import asyncio
import logging
import stat
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import NoReturn, ParamSpec, TypeAlias, TypeVar, cast

import asyncssh
from asyncssh.channel import SSHChannel
from asyncssh.stream import SSHServerStreamSession

from commonweal.engine.settings import Settings
from commonweal.intake.drop_area import make_area
from commonweal.intake.sftp.arriving import Arriving
from commonweal.intake.sftp.drop import Drop, Entry
from commonweal.intake.sftp.host_key import get_host_key
from commonweal.intake.sftp.places import clean_path
from commonweal.intake.sftp.refusal import DropRefusedError, Kind, denied
from commonweal.intake.sftp.welcome import Welcome
from commonweal.intake.sites import get_site

LOG = logging.getLogger(__name__)
_SENT_AWAY = "This key has been taken away; ask the data centre for access."
SAID_AT_MOST = 100
"""Sentences per connection that are written to the client's terminal."""
ERRORS: dict[Kind, Callable[[str], asyncssh.SFTPError]] = {
    Kind.ABSENT: asyncssh.SFTPNoSuchFile,
    Kind.EXISTS: asyncssh.SFTPFailure,
    Kind.DENIED: asyncssh.SFTPPermissionDenied,
    Kind.NO_ROOM: asyncssh.SFTPFailure,
    Kind.FAILED: asyncssh.SFTPFailure,
}
"""By the codes that version 3 of the protocol has."""
Channel: TypeAlias = "asyncssh.SSHServerChannel[bytes]"
Given = ParamSpec("Given")
Result = TypeVar("Result")


async def serve(settings: Settings, *, host: str, port: int) -> asyncssh.SSHAcceptor:
    """Listen for stewards; nothing but SFTP is offered to them.

    Raises:
        OSError: the port is taken, or may not be used.
    """
    return await asyncssh.create_server(
        lambda: Door(settings),
        host,
        port,
        server_host_keys=[str(get_host_key(settings.home))],
        server_version="Commonweal",
        allow_pty=False,
        agent_forwarding=False,
        x11_forwarding=False,
        allow_scp=False,
        password_auth=False,
        kbdint_auth=False,
        login_timeout=30,
        keepalive_interval=30,
        keepalive_count_max=4,
    )


@dataclass(frozen=True)
class Receipt:
    """A receipt or report that is being fetched."""

    path: bytes
    content: bytes


class Door(asyncssh.SSHServer):
    """One connection: who knocks, and with which key."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._welcome: Welcome | None = None

    def begin_auth(self, username: str) -> bool:
        """Nobody comes in without a key."""
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """The user is the site; the key has to be one of its stewards'."""
        self._welcome = Welcome(self._settings.home, username, key.public_data)
        return self._welcome.find() is not None

    def session_requested(self) -> "DropSession | bool":
        key = self._welcome.find() if self._welcome else None
        if self._welcome is None or key is None:
            return False
        LOG.info("A steward of %s has connected, with the key %s", key.site, key.fingerprint)
        area = make_area(self._settings.home, get_site(self._settings.home, key.site))
        drop = Drop(area, steward=key.steward, settings=self._settings.drop)
        return DropSession(drop, self._welcome.lasts)


class DropSession(SSHServerStreamSession[bytes]):
    """A session that knows when the client has gone.

    The library closes the open files of a broken connection as if the client had; only the
    session sees the difference, and it sees it first.
    """

    def __init__(self, drop: Drop, is_welcome: Callable[[], bool]) -> None:
        super().__init__(None, self._make_server, sftp_version=3)
        self._drop = drop
        self._is_welcome = is_welcome
        self.has_ended = False

    def eof_received(self) -> bool:
        self.has_ended = True
        return super().eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self.has_ended = True
        super().connection_lost(exc)

    def _make_server(self, channel: "SSHChannel[bytes]") -> "DropServer":
        return DropServer(
            cast(Channel, channel), self._drop, lambda: self.has_ended, self._is_welcome
        )


class DropServer(asyncssh.SFTPServer):
    """The requests of SFTP, each carried out by the drop or refused in words."""

    def __init__(
        self,
        channel: Channel,
        drop: Drop,
        has_ended: Callable[[], bool],
        is_welcome: Callable[[], bool],
    ) -> None:
        super().__init__(channel)
        self._channel = channel
        self._drop = drop
        self._has_ended = has_ended
        self._is_welcome = is_welcome
        self._said = 0

    def map_path(self, path: bytes) -> bytes:
        """Refuse: no path of this machine is ever made from a client's."""
        self._refuse("This cannot be done in a drop.")

    def realpath(self, path: bytes) -> bytes:
        return clean_path(path)

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        self._check_welcome()
        # Clients ask for what need not be there; that is no news for anybody's terminal.
        try:
            return _attributes(self._drop.look_up(path))
        except DropRefusedError as error:
            raise ERRORS[error.kind](error.words) from None

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return self.stat(path)

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        self._check_welcome()
        for entry in self._told(self._drop.list_folder, path):
            yield asyncssh.SFTPName(entry.name.encode(), attrs=_attributes(entry))

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        self._check_welcome()
        self._told(self._drop.make_folder, path)

    def rmdir(self, path: bytes) -> None:
        self._check_welcome()
        self._told(self._drop.remove_folder, path)

    def remove(self, path: bytes) -> None:
        self._check_welcome()
        self._told(self._drop.remove_file, path)

    async def rename(self, oldpath: bytes, newpath: bytes) -> None:
        self._check_welcome()
        await self._told_later(self._drop.rename, oldpath, newpath, replace=False)

    async def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        self._check_welcome()
        await self._told_later(self._drop.rename, oldpath, newpath, replace=True)

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> "Arriving | Receipt":
        self._check_welcome()
        if not pflags & asyncssh.FXF_WRITE:
            return Receipt(path, self._told(self._drop.read_receipt, path))
        return self._told(
            self._drop.open_file,
            path,
            anew=bool(pflags & asyncssh.FXF_TRUNC),
            only_new=bool(pflags & asyncssh.FXF_EXCL),
        )

    def open56(
        self, path: bytes, desired_access: int, flags: int, attrs: asyncssh.SFTPAttrs
    ) -> NoReturn:
        self._refuse("Only version 3 of the protocol is spoken here.")

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        self._check_welcome()
        return self._told(self._drop.write, _arriving(file_obj), offset, data)

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        self._check_welcome()
        if not isinstance(file_obj, Receipt):
            self._refuse("Files can be put here, but not read back.")
        return file_obj.content[offset : offset + size]

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        if isinstance(file_obj, Receipt):
            return self.stat(file_obj.path)
        arriving = _arriving(file_obj)
        return _attributes(Entry(arriving.name, arriving.status, is_whole=False))

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        """Times and permissions that a client wants are passed over: they mean nothing here."""
        if attrs.size is not None:
            self._refuse("A file is shortened only while it is open.")

    def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        self.setstat(path, attrs)

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        self._check_welcome()
        if attrs.size is not None:
            self._told(_arriving(file_obj).cut, attrs.size)

    async def fsync(self, file_obj: object) -> None:
        """Everything is brought to the disk when a file is closed."""

    async def close(self, file_obj: object) -> None:
        """Finish a file that the client has closed; keep what arrived of any other.

        A file of somebody who was sent away meanwhile does not get its name.
        """
        if isinstance(file_obj, Receipt):
            return
        arriving = _arriving(file_obj)
        if not self._has_ended() and self._is_welcome():
            await self._told_later(self._drop.finish, arriving)
            return
        await asyncio.to_thread(self._drop.abandon, arriving)
        LOG.info("%s: kept %d bytes of a broken upload", arriving.name, arriving.extent.end)
        if not self._has_ended():
            self._refuse(_SENT_AWAY)

    def readlink(self, path: bytes) -> bytes:
        self._refuse("There are no links in a drop.")

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        self._refuse("There are no links in a drop.")

    def link(self, oldpath: bytes, newpath: bytes) -> None:
        self._refuse("There are no links in a drop.")

    def statvfs(self, path: bytes) -> NoReturn:
        self._refuse("How much room there is, is told when there is too little.")

    def fstatvfs(self, file_obj: object) -> NoReturn:
        self._refuse("How much room there is, is told when there is too little.")

    def _check_welcome(self) -> None:
        if not self._is_welcome():
            self._refuse(_SENT_AWAY)

    def _told(
        self, do: Callable[Given, Result], *given: Given.args, **named: Given.kwargs
    ) -> Result:
        try:
            return do(*given, **named)
        except DropRefusedError as error:
            self._say(error.words)
            raise ERRORS[error.kind](error.words) from None

    async def _told_later(
        self, do: Callable[Given, Result], *given: Given.args, **named: Given.kwargs
    ) -> Result:
        """Carry out what waits for the disk beside the other connections."""
        try:
            return await asyncio.to_thread(do, *given, **named)
        except DropRefusedError as error:
            self._say(error.words)
            raise ERRORS[error.kind](error.words) from None

    def _refuse(self, words: str) -> NoReturn:
        self._say(words)
        refusal = denied(words)
        raise ERRORS[refusal.kind](words)

    def _say(self, words: str) -> None:
        """Write a sentence to the terminal: OpenSSH's client shows none of the answers' own."""
        self._said += 1
        if self._said <= SAID_AT_MOST and not self._has_ended():
            self._channel.write_stderr(f"{words}\n".encode())


def _attributes(entry: Entry) -> asyncssh.SFTPAttrs:
    """What a client is told of a file; neither owner nor anything else of this machine."""
    moment = int(entry.status.st_mtime)
    return asyncssh.SFTPAttrs(
        size=0 if stat.S_ISDIR(entry.mode) else entry.status.st_size,
        permissions=entry.mode,
        uid=0,
        gid=0,
        atime=moment,
        mtime=moment,
    )


def _arriving(file_obj: object) -> Arriving:
    if not isinstance(file_obj, Arriving):
        raise asyncssh.SFTPFailure("This is no open file.")
    return file_obj
