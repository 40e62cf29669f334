"""Two real S3 servers on loopback, for the tests of storage and of the drop areas.

SeaweedFS is the one a small programme can run itself; moto is an independent second opinion.
"""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import boto3
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from commonweal.engine.settings import StorageSettings

KEY, SECRET = "centre", "centre-secret-that-must-not-leak"
READER_KEY, READER_SECRET = "reader", "reader-secret-that-must-not-leak"
BIN = Path(sys.executable).parent
STARTING_SECONDS = 60


@dataclass(frozen=True)
class ObjectStore:
    """A server that runs; ``checks_keys`` is false for one that lets everybody in."""

    name: str
    endpoint: str
    process: "subprocess.Popen[bytes]"
    checks_keys: bool

    def settings(self, key: str = KEY, secret: str = SECRET) -> StorageSettings:
        return StorageSettings(
            endpoint=self.endpoint,
            access_key=SecretStr(key),
            secret_key=SecretStr(secret),
            timeout_seconds=10,
            retries=1,
        )

    def google_settings(self, key_file: Path) -> StorageSettings:
        """Settings by which ``gs://`` is looked for at this server, without signing in.

        What an S3 server answers to a listing and a read has the form of Google's own answers;
        what is written has another one.
        """
        key = rsa.generate_private_key(65537, 2048).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        account = {
            "type": "service_account",
            "private_key": key.decode(),
            "private_key_id": "test",
            "client_email": "centre@example.org",
            "disable_oauth": True,
            "gcs_base_url": self.endpoint,
        }
        key_file.write_text(json.dumps(account))
        return StorageSettings(
            endpoint=self.endpoint, google_key_file=key_file, timeout_seconds=10, retries=0
        )

    def make_bucket(self, name: str, *keys: str) -> str:
        """A new bucket, as a URL, empty but for objects with these keys."""
        client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )
        client.create_bucket(Bucket=name)
        for key in keys:
            client.put_object(Bucket=name, Key=key, Body=b"x")
        client.close()
        return f"s3://{name}"


@contextmanager
def slow_line(endpoint: str, bytes_per_second: int) -> Iterator[str]:
    """The address of a line to a server through which answers come no faster than that."""
    host, _, port = endpoint.removeprefix("http://").partition(":")
    with socket.create_server(("127.0.0.1", 0)) as door:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = door.accept()
                    server = socket.create_connection((host, int(port)))
                    _start(_pump, client, server, None)
                    _start(_pump, server, client, bytes_per_second)

        _start(serve)
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
        door.shutdown(socket.SHUT_RDWR)


def _start(work: Callable[..., None], *args: object) -> None:
    threading.Thread(target=work, args=args, daemon=True).start()


def _pump(source: socket.socket, target: socket.socket, bytes_per_second: int | None) -> None:
    """Carry bytes one way until either end hangs up."""
    with suppress(OSError), source, target:
        while piece := source.recv(1 << 16):
            target.sendall(piece)
            if bytes_per_second:
                time.sleep(len(piece) / bytes_per_second)


def _first_port() -> int:
    """Where this worker looks for ports: the others look elsewhere, so nobody takes them between
    the look and the start of the server.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 5
    return 20_000 + 2_000 * worker + os.getppid() % 1_500


CANDIDATES = count(_first_port())
"""Each is looked at once."""


def free_ports(wanted: int) -> list[int]:
    """Ports that nobody uses now, low enough that a server may add 10,000 for its own protocol."""
    return list(islice(filter(_is_free, CANDIDATES), wanted))


def _is_free(port: int) -> bool:
    with socket.socket() as one, socket.socket() as other:
        try:
            one.bind(("127.0.0.1", port))
            other.bind(("127.0.0.1", port + 10_000))
        except OSError:
            return False
    return True


@contextmanager
def run_seaweedfs(folder: Path, *, is_open: bool = False) -> Iterator[ObjectStore]:
    """SeaweedFS with one account that may do everything and one that may only read.

    With ``is_open`` whoever signs nothing may read as well.
    """
    master, volume, filer, s3 = free_ports(4)
    accounts = [
        ("admin", KEY, SECRET, ["Admin", "Read", "Write", "List", "Tagging"]),
        ("reader", READER_KEY, READER_SECRET, ["Read", "List"]),
    ]
    identities: list[dict[str, object]] = [
        {
            "name": name,
            "credentials": [{"accessKey": key, "secretKey": secret}],
            "actions": actions,
        }
        for name, key, secret, actions in accounts
    ]
    if is_open:
        identities.append({"name": "anonymous", "actions": ["Read", "List"]})
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    command = [
        str(BIN / "weed"),
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        f"-master.port={master}",
        f"-volume.port={volume}",
        f"-filer.port={filer}",
        f"-s3.port={s3}",
        "-filer",
        "-s3",
        f"-s3.config={folder / 's3.json'}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        "-s3.autoCreateBucket=false",
        "-master.telemetry=false",
        "-master.volumeSizeLimitMB=64",
        "-volume.max=40",
    ]
    with _running(command, folder, f"http://127.0.0.1:{s3}/healthz") as process:
        yield ObjectStore("seaweedfs", f"http://127.0.0.1:{s3}", process, checks_keys=True)


@contextmanager
def run_moto(folder: Path) -> Iterator[ObjectStore]:
    (port,) = free_ports(1)
    command = [str(BIN / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    address = f"http://127.0.0.1:{port}"
    with _running(command, folder, f"{address}/moto-api/") as process:
        yield ObjectStore("moto", address, process, checks_keys=False)


@contextmanager
def _running(command: list[str], folder: Path, answers: str) -> Iterator["subprocess.Popen[bytes]"]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        _wait(process, answers, folder / "server.log")
        yield process
    finally:
        process.kill()  # it keeps nothing that anybody needs, and takes its time over goodbyes
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(errors="replace")[-2000:]
        try:
            with urllib.request.urlopen(address, timeout=1):  # noqa: S310  (a server of our own)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"{address} never answered: {log.read_text(errors='replace')[-2000:]}")
