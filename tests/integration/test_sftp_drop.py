"""The SFTP drop as stewards and strangers meet it: the real server, a client over a socket."""

import asyncio
import inspect
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import asyncssh
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonweal.engine.settings import DropSettings, Settings
from commonweal.intake.onboarding import record_deprovisioned
from commonweal.intake.sftp.arriving import Extent
from commonweal.intake.sftp.host_key import get_host_key, read_host_fingerprint
from commonweal.intake.sftp.keys import add_key, remove_key
from commonweal.intake.sftp.places import PlaceNamed, read_path
from commonweal.intake.sftp.refusal import DropRefusedError
from commonweal.intake.sftp.server import DropServer, serve
from commonweal.intake.sites import Site, register_site
from commonweal.intake.stewards import record_account_closed, record_account_opened

NOW = datetime(2026, 11, 25, tzinfo=UTC)
FOLDER = "2026-11-25-v1"
LISTED: dict[str, object] = {"name": "person.csv", "bytes": 4, "sha256": "0" * 64}
MORE_THAN_A_WINDOW = os.urandom(5_000_000)


def declare(**more: object) -> bytes:
    return json.dumps({"purpose": "test", "synthetic": True, **more}).encode()


DECLARED = declare()


class Programme:
    """Two sites, their stewards' keys, and a server."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.settings = Settings(home=home, drop=DropSettings(reserve=0))
        self.keys: dict[str, asyncssh.SSHKey] = {}
        self.port = 0
        for site in ("general", "county"):
            register_site(home, Site(site, site.title()))

    def add_steward(self, site: str, steward: str) -> None:
        key = asyncssh.generate_private_key("ssh-ed25519")
        self.keys[steward] = key
        record_account_opened(self.home, site, email=steward, by="curator", now=NOW)
        text = key.export_public_key().decode()
        add_key(self.home, site=site, steward=steward, text=text, now=NOW)

    def area(self, site: str = "general") -> Path:
        return self.home / "drop" / site

    @asynccontextmanager
    async def connect(
        self, site: str, steward: str
    ) -> AsyncIterator[tuple[asyncssh.SSHClientConnection, asyncssh.SFTPClient]]:
        async with (
            asyncssh.connect(
                "127.0.0.1",
                self.port,
                username=site,
                client_keys=[self.keys[steward]],
                known_hosts=None,
                config=None,
                agent_path=None,
            ) as connection,
            connection.start_sftp_client() as client,
        ):
            yield connection, client


@pytest.fixture
def programme(tmp_path: Path) -> Programme:
    made = Programme(tmp_path / "home")
    made.add_steward("general", "anna")
    made.add_steward("general", "ben")
    made.add_steward("county", "carl")
    return made


def run(programme: Programme, scene: Callable[[], Awaitable[None]]) -> None:
    """Play a scene against a server on a free port."""

    async def play() -> None:
        async with await serve(programme.settings, host="127.0.0.1", port=0) as acceptor:
            programme.port = acceptor.get_port()
            await asyncio.wait_for(scene(), timeout=60)

    asyncio.run(play())


async def put(client: asyncssh.SFTPClient, path: str, content: bytes) -> None:
    async with client.open(path, "wb") as file:
        await file.write(content)


async def wait_for(condition: Callable[[], bool]) -> None:
    """The server notices in its own time that somebody has gone."""
    while not condition():
        await asyncio.sleep(0.02)


def test_a_folder_is_put_and_handed_in(programme: Programme, tmp_path: Path) -> None:
    source = tmp_path / FOLDER
    source.mkdir()
    (source / "person.csv").write_bytes(b"person_id\n1\n")
    (source / "measurement.csv").write_bytes(MORE_THAN_A_WINDOW)

    async def scene() -> None:
        async with programme.connect("general", "anna") as (_, client):
            await client.put(str(source), recurse=True, preserve=True)
            await put(client, f"{FOLDER}/_SUBMISSION.json", DECLARED)
            names = sorted(str(name) for name in await client.listdir(FOLDER))
            assert names == ["_SUBMISSION.json", "measurement.csv", "person.csv"]
            for change in (
                put(client, f"{FOLDER}/person.csv", b"other"),
                client.remove(f"{FOLDER}/person.csv"),
                client.rename(f"{FOLDER}/person.csv", f"{FOLDER}/death.csv"),
                client.posix_rename(f"{FOLDER}/person.csv", f"{FOLDER}/measurement.csv"),
                client.rmdir(FOLDER),
                put(client, f"{FOLDER}/_SUBMISSION.json", DECLARED),
                put(client, f"{FOLDER}/death.csv", b"late"),
            ):
                with pytest.raises(asyncssh.SFTPPermissionDenied, match="handed in"):
                    await change

    run(programme, scene)
    folder = programme.area() / FOLDER
    assert (folder / "person.csv").read_bytes() == b"person_id\n1\n"
    assert (folder / "measurement.csv").read_bytes() == MORE_THAN_A_WINDOW
    assert json.loads((folder / "_SUBMISSION.json").read_bytes()) == json.loads(DECLARED)
    assert [p.name for p in folder.glob(".part-*")] == [".part-owner"]


def test_a_file_appears_when_it_is_whole(programme: Programme) -> None:
    async def scene() -> None:
        async with programme.connect("general", "anna") as (_, client):
            await client.mkdir(FOLDER)
            async with client.open(f"{FOLDER}/person.csv", "wb") as file:
                await file.write(b"half")
                assert not (programme.area() / FOLDER / "person.csv").exists()
                with pytest.raises(asyncssh.SFTPPermissionDenied, match="just writing"):
                    await put(client, f"{FOLDER}/person.csv", b"other")
            assert (programme.area() / FOLDER / "person.csv").read_bytes() == b"half"

    run(programme, scene)


@pytest.mark.parametrize("how", ["connection", "channel"])
def test_a_broken_connection_keeps_what_arrived_and_is_gone_on_with(
    programme: Programme, how: str
) -> None:
    half = 2_000_000
    part = programme.area() / FOLDER / ".part-measurement.csv"

    async def scene() -> None:
        async with programme.connect("general", "anna") as (connection, client):
            await client.mkdir(FOLDER)
            file = await client.open(f"{FOLDER}/measurement.csv", "wb")
            await file.write(MORE_THAN_A_WINDOW[:half])
            if how == "connection":
                connection.abort()
            else:
                client.exit()
        await wait_for(lambda: part.exists() and part.stat().st_size == half)
        await asyncio.sleep(0.1)
        assert not (programme.area() / FOLDER / "measurement.csv").exists()
        async with programme.connect("general", "anna") as (_, client):
            assert (await client.stat(f"{FOLDER}/measurement.csv")).size == half
            with pytest.raises(asyncssh.SFTPPermissionDenied, match="Not whole yet: measurement"):
                await put(client, f"{FOLDER}/_SUBMISSION.json", DECLARED)
            flags = asyncssh.FXF_WRITE | asyncssh.FXF_CREAT
            async with client.open(f"{FOLDER}/measurement.csv", flags, encoding=None) as file:
                await file.write(MORE_THAN_A_WINDOW[half:], half)

    run(programme, scene)
    assert (programme.area() / FOLDER / "measurement.csv").read_bytes() == MORE_THAN_A_WINDOW
    assert not part.exists()


def test_until_it_is_handed_in_a_file_may_be_sent_anew(programme: Programme) -> None:
    async def scene() -> None:
        async with programme.connect("general", "anna") as (_, client):
            await client.mkdir(FOLDER)
            await put(client, f"{FOLDER}/person.csv", b"first and longer")
            await put(client, f"{FOLDER}/person.csv", b"second")
            with pytest.raises(asyncssh.SFTPPermissionDenied, match="whole and stays"):
                await client.remove(f"{FOLDER}/person.csv")
            # As WinSCP does it: another name until the file is whole.
            await put(client, f"{FOLDER}/death.csv.filepart", b"dead")
            assert not (programme.area() / FOLDER / "death.csv.filepart").exists()
            await client.rename(f"{FOLDER}/death.csv.filepart", f"{FOLDER}/death.csv")
            with pytest.raises(asyncssh.SFTPFailure, match="already"):
                await client.rename(f"{FOLDER}/death.csv", f"{FOLDER}/person.csv")

    run(programme, scene)
    folder = programme.area() / FOLDER
    assert (folder / "person.csv").read_bytes() == b"second"
    assert (folder / "death.csv").read_bytes() == b"dead"


def test_two_stewards_of_a_site_never_write_into_one_folder(programme: Programme) -> None:
    async def scene() -> None:
        async with (
            programme.connect("general", "anna") as (_, anna),
            programme.connect("general", "ben") as (_, ben),
        ):
            await anna.mkdir(FOLDER)
            with pytest.raises(asyncssh.SFTPFailure, match="next number"):
                await ben.mkdir(FOLDER)
            with pytest.raises(asyncssh.SFTPPermissionDenied, match="somebody else"):
                await put(ben, f"{FOLDER}/person.csv", b"ben")
            await ben.mkdir("2026-11-25-v2")
            await asyncio.gather(
                put(anna, f"{FOLDER}/measurement.csv", MORE_THAN_A_WINDOW),
                put(ben, "2026-11-25-v2/measurement.csv", MORE_THAN_A_WINDOW[::-1]),
            )

    run(programme, scene)
    area = programme.area()
    assert (area / FOLDER / "measurement.csv").read_bytes() == MORE_THAN_A_WINDOW
    assert (area / "2026-11-25-v2" / "measurement.csv").read_bytes() == MORE_THAN_A_WINDOW[::-1]


def test_two_sites_at_once_see_nothing_of_each_other(programme: Programme) -> None:
    async def scene() -> None:
        async with (
            programme.connect("general", "anna") as (_, anna),
            programme.connect("county", "carl") as (_, carl),
        ):
            await asyncio.gather(anna.mkdir(FOLDER), carl.mkdir(FOLDER))
            await asyncio.gather(
                put(anna, f"{FOLDER}/person.csv", b"anna" * 100_000),
                put(carl, f"{FOLDER}/person.csv", b"carl" * 100_000),
            )
            assert await carl.listdir("/") == [FOLDER]

    run(programme, scene)
    assert (programme.area("general") / FOLDER / "person.csv").read_bytes() == b"anna" * 100_000
    assert (programme.area("county") / FOLDER / "person.csv").read_bytes() == b"carl" * 100_000


ESCAPES = [
    "../county",
    "/../../county/2026-11-25-v1/person.csv",
    f"{FOLDER}/../../county/2026-11-25-v1/person.csv",
    "/etc/passwd",
    "//etc/passwd",
    f"{FOLDER}/link.csv",
    f"{FOLDER}/sub/person.csv",
    f"{FOLDER}/.part-owner",
    f"{FOLDER}/.part-person.csv",
    f"{FOLDER}/.bashrc",
    "2026-13-45-v1/person.csv",
    f"{FOLDER}/person.csv\0.txt",
]


def test_there_is_nothing_to_climb_out_of(programme: Programme, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(b"secret")
    county = programme.area("county") / FOLDER
    county.mkdir(parents=True)
    (county / "person.csv").write_bytes(b"county")
    before = {path: path.stat().st_mtime_ns for path in (secret, county / "person.csv")}

    async def scene() -> None:
        async with programme.connect("general", "anna") as (_, client):
            await client.mkdir(FOLDER)
            # Links that somebody with an account on the machine might have laid.
            (programme.area() / FOLDER / "death.csv").symlink_to(secret)
            (programme.area() / FOLDER / ".part-note.csv").symlink_to(secret)
            (programme.area() / "2026-11-25-v9").symlink_to(county)
            links = [f"{FOLDER}/death.csv", "2026-11-25-v9", "2026-11-25-v9/person.csv"]
            for path in [*ESCAPES, *links]:
                with pytest.raises(asyncssh.SFTPError):
                    await client.stat(path)
                with pytest.raises(asyncssh.SFTPError):
                    await client.open(path, "rb")
            for path in [*ESCAPES, f"{FOLDER}/note.csv", "2026-11-25-v9/person.csv"]:
                with pytest.raises(asyncssh.SFTPError):
                    await put(client, path, b"overwritten")
                with pytest.raises(asyncssh.SFTPError):
                    await client.remove(path)
            for make in (client.symlink, client.link):
                with pytest.raises(asyncssh.SFTPError):
                    await make(str(secret), f"{FOLDER}/visit_detail.csv")
            with pytest.raises(asyncssh.SFTPError):
                await client.readlink(f"{FOLDER}/death.csv")
            with pytest.raises(asyncssh.SFTPError):
                await client.statvfs("/")
            assert await client.listdir("../../..") == [FOLDER]
            assert await client.realpath("../../x/..") == "/"

    run(programme, scene)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert secret.read_bytes() == b"secret"


def test_nothing_but_sftp_is_offered_and_nothing_can_be_fetched(programme: Programme) -> None:
    async def scene() -> None:
        async with programme.connect("general", "anna") as (connection, client):
            await client.mkdir(FOLDER)
            await put(client, f"{FOLDER}/person.csv", b"data")
            for mode in ("rb", "r+b"):
                with pytest.raises(asyncssh.SFTPPermissionDenied):
                    async with client.open(f"{FOLDER}/person.csv", mode) as file:
                        await file.read()
            # What the intake wrote for the site is the exception.
            (programme.area() / FOLDER / "_RECEIPT.json").write_bytes(b"{}" * 50_000)
            async with client.open(f"{FOLDER}/_RECEIPT.json", "rb") as file:
                assert await file.read() == b"{}" * 50_000
            with pytest.raises(asyncssh.SFTPPermissionDenied, match="handed in"):
                await put(client, f"{FOLDER}/person.csv", b"late")
            with pytest.raises(asyncssh.SFTPPermissionDenied):
                await put(client, f"{FOLDER}/_RECEIPT.json", b"mine")
            for offer in ("id", "scp -t /", None):
                with pytest.raises(asyncssh.ChannelOpenError):
                    await connection.run(offer)
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_connection("127.0.0.1", programme.port)

    run(programme, scene)


def test_only_the_sites_own_keys_open_it(programme: Programme) -> None:
    programme.keys["stranger"] = asyncssh.generate_private_key("ssh-ed25519")

    async def scene() -> None:
        for site, steward in (
            ("general", "stranger"),
            ("general", "carl"),
            ("county", "anna"),
            ("nowhere", "anna"),
            ("../general", "anna"),
        ):
            with pytest.raises(asyncssh.PermissionDenied):
                async with programme.connect(site, steward):
                    pass
        with pytest.raises(asyncssh.PermissionDenied):
            await asyncssh.connect(
                "127.0.0.1",
                programme.port,
                username="general",
                password="anna",
                client_keys=None,
                known_hosts=None,
                config=None,
                agent_path=None,
            )

    run(programme, scene)
    assert not (programme.home / "drop").exists()


def take_key_away(programme: Programme) -> None:
    fingerprint = programme.keys["anna"].get_fingerprint()
    remove_key(programme.home, site="general", fingerprint=fingerprint, now=NOW)


def end_account(programme: Programme) -> None:
    record_account_closed(programme.home, "general", email="anna", by="curator", now=NOW)


def close_site(programme: Programme) -> None:
    record_deprovisioned(
        programme.home, "general", on=NOW.date(), reason="award ended", by="curator", now=NOW
    )


@pytest.mark.parametrize("close", [take_key_away, end_account, close_site])
def test_who_is_sent_away_ends_in_the_middle_and_comes_in_no_more(
    programme: Programme, close: Callable[[Programme], None]
) -> None:
    """What was open before places nothing: neither a file, nor the declaration, nor a name."""
    folder = programme.area() / FOLDER

    async def scene() -> None:
        async with programme.connect("general", "anna") as (_, client):
            await client.mkdir(FOLDER)
            await put(client, f"{FOLDER}/person.csv", b"whole")
            await put(client, f"{FOLDER}/death.csv.filepart", b"dead")
            data = await client.open(f"{FOLDER}/measurement.csv", "wb")
            await data.write(b"half")
            declaration = await client.open(f"{FOLDER}/_SUBMISSION.json", "wb")
            await declaration.write(DECLARED)
            await asyncio.sleep(1.1)  # The registry has been at rest: the answer is remembered.
            await data.write(b"more")
            close(programme)
            for request in (
                lambda: data.write(b"late"),
                data.close,
                declaration.close,
                lambda: put(client, f"{FOLDER}/visit_occurrence.csv", b"late"),
                lambda: client.rename(f"{FOLDER}/death.csv.filepart", f"{FOLDER}/death.csv"),
                lambda: client.posix_rename(f"{FOLDER}/person.csv", f"{FOLDER}/death.csv"),
                lambda: client.remove(f"{FOLDER}/death.csv.filepart"),
                lambda: client.mkdir("2026-11-25-v2"),
                lambda: client.rmdir(FOLDER),
                lambda: client.listdir(FOLDER),
                lambda: client.stat(f"{FOLDER}/person.csv"),
            ):
                with pytest.raises(asyncssh.SFTPPermissionDenied, match="taken away"):
                    await request()
        with pytest.raises(asyncssh.PermissionDenied):
            async with programme.connect("general", "anna"):
                pass

    run(programme, scene)
    assert sorted(p.name for p in folder.iterdir() if not p.name.startswith(".part-")) == [
        "person.csv"
    ]
    assert (folder / ".part-measurement.csv").read_bytes() == b"halfmore"


def test_what_does_not_fit_is_refused_and_what_arrived_is_kept(programme: Programme) -> None:
    small = DropSettings(reserve=0, largest_file=3_000_000)
    programme.settings = Settings(home=programme.home, drop=small)

    async def scene() -> None:
        async with programme.connect("general", "anna") as (_, client):
            await client.mkdir(FOLDER)
            with pytest.raises(asyncssh.SFTPFailure, match=r"3\.0 MB at most"):
                await put(client, f"{FOLDER}/measurement.csv", MORE_THAN_A_WINDOW)

    run(programme, scene)
    full = DropSettings(reserve=0, site_quota=1_000_000)
    (programme.area() / FOLDER / "person.csv").write_bytes(b"x" * 1_000_001)
    programme.settings = Settings(home=programme.home, drop=full)

    async def later() -> None:
        async with programme.connect("general", "anna") as (_, client):
            with pytest.raises(asyncssh.SFTPFailure, match="are taken"):
                await put(client, f"{FOLDER}/death.csv", b"more")

    run(programme, later)


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        (b"{", "not JSON"),
        (b"[]", "JSON object"),
        (b"{}", "no purpose"),
        (b'{"purpose": "tset", "synthetic": true}', "no purpose"),
        (b'{"purpose": "test", "synthetic": "no"}', "true or false"),
        (declare(files=3), "not a list"),
        (declare(files=[LISTED | {"name": "death.csv"}]), "not there"),
        (declare(files=[LISTED | {"bytes": 9}]), "another size"),
        (declare(files=[]), r"does not list person\.csv"),
    ],
)
def test_a_declaration_that_does_not_fit_is_told_at_once(
    programme: Programme, declared: bytes, words: str
) -> None:
    async def scene() -> None:
        async with programme.connect("general", "anna") as (_, client):
            await client.mkdir(FOLDER)
            await put(client, f"{FOLDER}/person.csv", b"data")
            with pytest.raises(asyncssh.SFTPPermissionDenied, match=words):
                await put(client, f"{FOLDER}/_SUBMISSION.json", declared)
            await put(client, f"{FOLDER}/_SUBMISSION.json", DECLARED)

    run(programme, scene)
    assert (programme.area() / FOLDER / "_SUBMISSION.json").read_bytes() == DECLARED


def test_no_method_of_the_library_is_left_that_takes_a_path() -> None:
    """A path of a client reaches the file system through the drop alone."""
    taking = {
        name
        for name, method in vars(asyncssh.SFTPServer).items()
        if inspect.isfunction(method)
        and any("path" in argument for argument in inspect.signature(method).parameters)
    }
    assert taking - {"reverse_map_path"} <= set(vars(DropServer))


def test_the_host_key_is_made_once_and_closed(tmp_path: Path) -> None:
    file = get_host_key(tmp_path)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    before = file.read_bytes()
    assert get_host_key(tmp_path).read_bytes() == before
    assert read_host_fingerprint(file) == asyncssh.read_private_key(file).get_fingerprint()


@given(st.binary(max_size=40))
def test_any_path_is_a_place_of_the_drop_or_none(path: bytes) -> None:
    try:
        place = read_path(path)
    except DropRefusedError:
        return
    assert ".." not in place.folder + place.file
    assert "/" not in place.folder + place.file
    assert place.folder or place == PlaceNamed()


@given(st.permutations([(start, start + 3) for start in range(0, 30, 3)]), st.integers(0, 9))
def test_a_hole_is_noticed_in_whatever_order_blocks_come(
    blocks: list[tuple[int, int]], missing: int
) -> None:
    extent = Extent()
    for start, stop in blocks:
        if start != missing * 3:
            extent.add(start, stop)
    assert extent.end == missing * 3
    assert extent.has_hole == (missing < 9)
    extent.add(missing * 3, missing * 3 + 3)
    assert (extent.end, extent.has_hole) == (30, False)


def test_paths_are_cleaned_as_everywhere() -> None:
    for path in (b"", b".", b"/", b"./x/..", b"//"):
        assert read_path(path) == PlaceNamed()
