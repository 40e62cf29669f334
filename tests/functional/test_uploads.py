"""Uploading by tus to the real server, with a client that we did not write."""

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from shutil import rmtree

import pytest
from tests.functional.cutting import CuttingLine
from tests.functional.upload_site import (
    Sending,
    StewardVisitor,
    UploadSite,
    read_peak_memory,
    serve_uploads,
    write_file,
)
from tusclient.client import TusClient

from commonweal.engine.settings import DropSettings

pytestmark = pytest.mark.functional
ANNA, BEN, CARL = "anna@general.example", "ben@general.example", "carl@county.example"
MEMORY_ALLOWED = 40_000_000
"""Bytes by which a server may grow while it takes a file of any size."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, front_end: None) -> Iterator[UploadSite]:
    with serve_uploads(tmp_path_factory.mktemp("uploads") / "home") as site:
        yield site


def send(address: str, sending: Sending, file: Path, *, chunk: int) -> None:
    """Upload a file to the end, however often the line breaks."""
    client = TusClient(f"{address}{sending.path}files/", headers=sending.headers)
    with file.open("rb") as stream:
        uploader = client.uploader(
            file_stream=stream,
            chunk_size=chunk,
            metadata={"filename": file.name},
            retries=20,
            retry_delay=0.1,
        )
        created = "/uploads/" + str(uploader.create_url()).partition("/uploads/")[2]
        uploader.set_url(address + created)
        uploader.upload()


def send_cut(served: UploadSite, folder: Path, size: int, *, chunk: int) -> None:
    """Upload so many bytes over a line that breaks five times, and hand in."""
    sending = StewardVisitor(served, ANNA).begin()
    file = folder / "measurement.csv"
    digest = write_file(file, size)
    line = CuttingLine("127.0.0.1", served.port, [size * part // 6 for part in range(1, 6)])
    before = read_peak_memory(served.pid)
    try:
        send(line.address, sending, file, chunk=chunk)
    finally:
        line.close()
    assert line.broken == 5
    assert read_peak_memory(served.pid) - before < MEMORY_ALLOWED
    status, page = sending.finish(measurement_csv=digest)
    assert status == 200
    assert digest in page
    (taken,) = [
        f for f in served.area("general").glob("2*") if read_listed(f) == {file.name: digest}
    ]
    assert hash_of(taken / file.name) == digest
    rmtree(taken)


def read_listed(folder: Path) -> dict[str, str]:
    declared = json.loads((folder / "_SUBMISSION.json").read_bytes())
    return {file["name"]: file["sha256"] for file in declared["files"]}


def hash_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@pytest.mark.parametrize("chunk", [1 << 40, 7_000_000])
def test_an_upload_that_is_cut_five_times_ends_with_the_right_checksum(
    served: UploadSite, tmp_path: Path, chunk: int
) -> None:
    send_cut(served, tmp_path, 50_000_000, chunk=chunk)


@pytest.mark.heavy
def test_five_gigabytes_cut_five_times_end_with_the_right_checksum(
    served: UploadSite, tmp_path: Path
) -> None:
    try:
        send_cut(served, tmp_path, 5_000_000_000, chunk=256_000_000)
    finally:
        rmtree(tmp_path)


def test_two_stewards_at_once_do_not_mix(served: UploadSite, tmp_path: Path) -> None:
    sendings = {email: StewardVisitor(served, email).begin() for email in (ANNA, BEN, CARL)}
    digests: dict[str, str] = {}
    threads = []
    for email, sending in sendings.items():
        folder = tmp_path / email
        folder.mkdir()
        digests[email] = write_file(folder / "measurement.csv", 12_000_000)
        arguments = (served.address, sending, folder / "measurement.csv")
        threads.append(threading.Thread(target=send, args=arguments, kwargs={"chunk": 1_000_000}))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for email, sending in sendings.items():
        status, page = sending.finish(measurement_csv=digests[email])
        assert (status, digests[email] in page) == (200, True)
    for site, emails in (("general", {ANNA, BEN}), ("county", {CARL})):
        folders = list(served.area(site).glob("2*"))
        found = {hash_of(folder / "measurement.csv") for folder in folders}
        assert {digests[email] for email in emails} <= found
        assert not found & {digest for email, digest in digests.items() if email not in emails}


def ask(
    served: UploadSite, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> tuple[int, dict[str, str], str]:
    """One request, as it is written."""
    connection = HTTPConnection("127.0.0.1", served.port, timeout=20)
    try:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        return answer.status, dict(answer.headers), answer.read().decode()
    finally:
        connection.close()


PERSON = {"Upload-Metadata": "filename cGVyc29uLmNzdg==", "Tus-Resumable": "1.0.0"}
"""What a client says of ``person.csv``, in base64."""


def create(served: UploadSite, sending: Sending, length: int) -> str:
    """Begin to upload ``person.csv``; the address of the upload."""
    headers = {**sending.headers, **PERSON, "Upload-Length": str(length)}
    status, answered, words = ask(served, "POST", f"{sending.path}files/", headers)
    assert status == 201, words
    assert answered["Upload-Expires"].endswith("GMT")
    return "/uploads/" + answered["Location"].partition("/uploads/")[2]


def stream(offset: int, **more: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    kind = {"Content-Type": "application/offset+octet-stream"}
    return {"Tus-Resumable": "1.0.0", "Upload-Offset": str(offset), **kind, **named}


def test_the_conversation_is_as_the_protocol_has_it(served: UploadSite) -> None:
    sending = StewardVisitor(served, ANNA).begin()
    status, told, _ = ask(served, "OPTIONS", f"{sending.path}files/", {})
    assert (status, told["Tus-Version"]) == (204, "1.0.0")
    assert told["Tus-Extension"] == "creation,termination,expiration,checksum"
    path = create(served, sending, 10)
    own = sending.headers

    assert ask(served, "HEAD", path, own)[0] == 412
    status, told, _ = ask(served, "HEAD", path, {**own, "Tus-Resumable": "1.0.0"})
    assert (status, told["Upload-Offset"], told["Upload-Length"]) == (200, "0", "10")
    assert "no-store" in told["Cache-Control"]

    status, told, _ = ask(served, "PATCH", path, {**own, **stream(0)}, b"01234")
    assert (status, told["Upload-Offset"]) == (204, "5")
    assert ask(served, "PATCH", path, {**own, **stream(0)}, b"01234")[0] == 409
    assert ask(served, "PATCH", path, {**own, **stream(5)}, b"567890")[0] == 413
    wrong = {**own, **stream(5), "Content-Type": "text/plain"}
    assert ask(served, "PATCH", path, wrong, b"56789")[0] == 415
    bad = stream(5, Upload_Checksum="sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=")
    assert ask(served, "PATCH", path, {**own, **bad}, b"56789")[0] == 460
    as_post = {**own, **stream(5), "X-HTTP-Method-Override": "PATCH"}
    assert ask(served, "POST", path, as_post, b"56789")[0] == 204
    status, told, _ = ask(served, "HEAD", path, {**own, "Tus-Resumable": "1.0.0"})
    assert (status, told["Upload-Offset"]) == (200, "10")

    assert ask(served, "DELETE", path, {**own, "Tus-Resumable": "1.0.0"})[0] == 204
    assert ask(served, "HEAD", path, {**own, "Tus-Resumable": "1.0.0"})[0] == 404


def test_names_are_those_of_the_layout_and_sizes_are_limited(served: UploadSite) -> None:
    sending = StewardVisitor(served, ANNA).begin()
    for name in ("../person.csv", "/etc/passwd", "notes.txt", ".part-x", "_SUBMISSION.json", ""):
        metadata = f"filename {base64.b64encode(name.encode()).decode()}"
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "5", "Upload-Metadata": metadata}
        status, _, words = ask(
            served, "POST", f"{sending.path}files/", {**sending.headers, **headers}
        )
        assert (status, "such as person.csv" in words) == (400, True)
    for length, status in ((3 * 10**11, 413), (10**11 * 2 + 1, 413), (10**12, 413)):
        headers = {**sending.headers, **PERSON, "Upload-Length": str(length)}
        assert ask(served, "POST", f"{sending.path}files/", headers)[0] == status
    for length in ("-1", "ten", ""):
        headers = {**sending.headers, **PERSON, "Upload-Length": length}
        assert ask(served, "POST", f"{sending.path}files/", headers)[0] == 400


def test_nobody_else_and_no_other_origin_reaches_an_upload(served: UploadSite) -> None:
    sending = StewardVisitor(served, ANNA).begin()
    path = create(served, sending, 5)
    head = {"Tus-Resumable": "1.0.0"}
    patch = stream(0)
    assert ask(served, "HEAD", path, head)[0] == 401
    for email in (BEN, CARL):
        other = StewardVisitor(served, email).begin().headers
        assert ask(served, "HEAD", path, {**other, **head})[0] == 404
        assert ask(served, "PATCH", path, {**other, **patch}, b"other")[0] == 404
        assert ask(served, "GET", sending.path, other)[0] == 404
    own = sending.headers
    without = {name: value for name, value in own.items() if name != "X-CSRFToken"}
    assert ask(served, "PATCH", path, {**without, **patch}, b"other")[0] == 403
    for header, value in (
        ("Origin", "https://elsewhere.example"),
        ("Sec-Fetch-Site", "cross-site"),
    ):
        assert ask(served, "PATCH", path, {**own, **patch, header: value}, b"other")[0] == 403
    told = ask(served, "HEAD", path, {**own, **head})[1]
    assert told["Upload-Offset"] == "0"
    assert "Access-Control-Allow-Origin" not in told


def test_what_is_not_whole_or_not_the_same_is_not_handed_in(served: UploadSite) -> None:
    sending = StewardVisitor(served, ANNA).begin()
    assert "There is no file in this submission yet" in sending.finish()[1]
    path = create(served, sending, 5)
    status, page = sending.finish()
    assert (status, "Not whole yet: person.csv" in page) == (422, True)
    assert ask(served, "PATCH", path, {**sending.headers, **stream(0)}, b"12345")[0] == 204
    status, page = sending.finish(person_csv="0" * 64)
    assert (status, "Not as they are on your machine: person.csv" in page) == (422, True)
    path = create(served, sending, 5)
    assert ask(served, "PATCH", path, {**sending.headers, **stream(0)}, b"12345")[0] == 204
    status, page = sending.finish(person_csv=hashlib.sha256(b"12345").hexdigest())
    assert (status, "Handed in" in page) == (200, True)
    # Nothing in it changes after that.
    assert ask(served, "PATCH", path, {**sending.headers, **stream(5)}, b"")[0] == 404
    assert ask(served, "DELETE", path, {**sending.headers, "Tus-Resumable": "1.0.0"})[0] == 404


def test_production_data_wait_for_the_agreement(served: UploadSite) -> None:
    steward = StewardVisitor(served, ANNA).visitor
    words = {"purpose": "production", "kind": "real", "dialect": ""}
    page = steward.post("/uploads/", page="/uploads/", **words)
    assert page.status == 422
    assert "information security agreement" in page.text


def test_small_files_go_without_scripts(served: UploadSite) -> None:
    sending = StewardVisitor(served, ANNA).begin()
    token = sending.headers["X-CSRFToken"]
    body = "".join(
        f"--x\r\nContent-Disposition: form-data; {part}\r\n\r\n{content}\r\n"
        for part, content in (
            ('name="csrfmiddlewaretoken"', token),
            ('name="files"; filename="person.csv"', "person_id\n1\n"),
            ('name="files"; filename="death.csv"', ""),
        )
    ).encode()
    body += b"--x--\r\n"
    headers = {
        "Cookie": sending.headers["Cookie"],
        "Content-Type": "multipart/form-data; boundary=x",
    }
    forged = body.replace(token.encode(), b"forged")
    assert ask(served, "POST", f"{sending.path}send/", headers, forged)[0] == 403
    assert ask(served, "POST", f"{sending.path}send/", headers, body)[0] == 302
    digest = hashlib.sha256(b"person_id\n1\n").hexdigest()
    status, page = sending.finish(person_csv=digest)
    assert (status, digest in page, "death.csv" in page) == (200, True, True)
    too_large = {**headers, "Content-Length": "60000000"}
    assert ask(served, "POST", f"{sending.path}send/", too_large, b"--x--")[0] == 413


def test_the_process_opens_nothing_of_the_identifiable_zone_but_drops(served: UploadSite) -> None:
    listed = served.home.with_name(f"{served.home.name}.sites.opened").read_text(encoding="utf-8")
    paths = {Path(line).relative_to(served.home.absolute()) for line in listed.splitlines()}
    assert {path.parts[0] for path in paths if path.parts} <= {"hub", "registry", "drop"}


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory, front_end: None) -> Iterator[UploadSite]:
    """A server with little room and little patience."""
    little = DropSettings(reserve=0, site_quota=1_000_000, silence_seconds=1)
    with serve_uploads(tmp_path_factory.mktemp("narrow") / "home", little) as site:
        yield site


def test_a_full_area_keeps_what_was_handed_in(narrow: UploadSite) -> None:
    sending = StewardVisitor(narrow, ANNA).begin()
    path = create(narrow, sending, 600_000)
    body = b"x" * 600_000
    assert ask(narrow, "PATCH", path, {**sending.headers, **stream(0)}, body)[0] == 204
    assert sending.finish()[0] == 200
    later = StewardVisitor(narrow, ANNA).begin()
    headers = {**later.headers, **PERSON, "Upload-Length": "500000"}
    status, _, words = ask(narrow, "POST", f"{later.path}files/", headers)
    assert status == 507
    assert "1.0 MB" in words
    (before,) = narrow.area("general").glob("2*")
    assert (before / "person.csv").stat().st_size == 600_000


def test_a_connection_that_falls_silent_makes_way(narrow: UploadSite) -> None:
    sending = StewardVisitor(narrow, CARL).begin()
    path = create(narrow, sending, 10)
    silent = HTTPConnection("127.0.0.1", narrow.port, timeout=20)
    silent.putrequest("PATCH", path)
    for name, value in {**sending.headers, **stream(0), "Content-Length": "10"}.items():
        silent.putheader(name, value)
    silent.endheaders(b"01234")
    assert silent.getresponse().status == 408
    silent.close()
    told = ask(narrow, "HEAD", path, {**sending.headers, "Tus-Resumable": "1.0.0"})[1]
    arrived = int(told["Upload-Offset"])
    rest = b"0123456789"[arrived:]
    assert ask(narrow, "PATCH", path, {**sending.headers, **stream(arrived)}, rest)[0] == 204
    digest = hashlib.sha256(b"0123456789").hexdigest()
    assert sending.finish(person_csv=digest)[0] == 200
