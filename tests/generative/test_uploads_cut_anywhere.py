"""However an upload is cut and mixed with others, the bytes are those that were sent."""

import base64
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commonweal.engine.settings import DropSettings
from commonweal.hub.sites.uploads.drafts import Draft, add_upload, finish_draft, start_draft
from commonweal.hub.sites.uploads.protocol import (
    Creation,
    RefusedError,
    read_metadata,
    write_metadata,
)
from commonweal.hub.sites.uploads.storage import LostConnectionError, Upload, append, get_upload
from commonweal.intake.drop_area import make_area
from commonweal.intake.sites import Purpose, Site, get_site, register_site
from commonweal.schema.errors import CommonwealError

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
FEW = settings(max_examples=60, deadline=None)
FREE = DropSettings(reserve=0)


@st.composite
def pieces(draw: st.DrawFn) -> list[bytes]:
    """A file as the pieces it is sent in."""
    return draw(st.lists(st.binary(max_size=40), min_size=1, max_size=8))


def begin(home: Path, site: str, steward: str) -> Draft:
    with suppress(CommonwealError):
        register_site(home, Site(site, site.title()))
    return start_draft(
        make_area(home, get_site(home, site)),
        steward=steward,
        purpose=Purpose.TEST,
        synthetic=True,
        dialect="programme",
        now=NOW,
    )


def create(home: Path, draft: Draft, length: int, name: str = "person.csv") -> Upload:
    wanted = Creation(length, {"filename": name})
    return add_upload(draft, wanted, settings=FREE, home=home, now=NOW)


def headers(offset: int, length: int, checksum: str = "") -> dict[str, str]:
    stated = {"Upload-Checksum": checksum} if checksum else {}
    return {
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": str(offset),
        "Content-Length": str(length),
    } | stated


def cut_after(piece: bytes, arrived: int) -> Iterator[bytes]:
    """A body whose connection breaks after some bytes, told as an error or as an early end."""
    yield piece[:arrived]
    if arrived % 2:
        raise LostConnectionError


@FEW
@given(
    content=pieces(),
    cuts=st.lists(st.integers(0, 40), max_size=8),
    checked=st.booleans(),
)
def test_any_cut_points_give_the_same_bytes(
    content: list[bytes], cuts: list[int], checked: bool
) -> None:
    whole = b"".join(content)
    with TemporaryDirectory() as folder:
        home = Path(folder)
        draft = begin(home, "general", "1")
        upload = create(home, draft, len(whole))
        while upload.offset < len(whole):
            start = upload.offset
            piece = whole[start : start + 40]
            arrived = cuts.pop() if cuts else len(piece)
            digest = base64.b64encode(hashlib.sha1(piece, usedforsecurity=False).digest()).decode()
            stated = headers(start, len(piece), f"sha1 {digest}" if checked else "")
            if arrived >= len(piece):
                assert append(upload, stated, [piece]) == start + len(piece)
                continue
            with pytest.raises(LostConnectionError):
                append(upload, stated, cut_after(piece, arrived))
            # Offsets add up: what arrived is there, unless a checksum vouched for all or nothing.
            assert upload.offset == start + (0 if checked else arrived)
        handed_in = finish_draft(draft, {"person.csv": hashlib.sha256(whole).hexdigest()}, now=NOW)
        assert (handed_in / "person.csv").read_bytes() == whole


@FEW
@given(
    first=pieces(),
    second=pieces(),
    order=st.lists(st.booleans(), max_size=20),
    same_site=st.booleans(),
)
def test_two_stewards_at_once_never_mix(
    first: list[bytes], second: list[bytes], order: list[bool], same_site: bool
) -> None:
    with TemporaryDirectory() as folder:
        home = Path(folder)
        sites = ("general", "general" if same_site else "county")
        drafts = [begin(home, site, steward) for site, steward in zip(sites, "12", strict=True)]
        contents = [first, second]
        uploads = [
            create(home, draft, sum(map(len, content)))
            for draft, content in zip(drafts, contents, strict=True)
        ]
        waiting = [list(content) for content in contents]
        turns = [*map(int, order), *([0] * len(first)), *([1] * len(second))]
        for turn in turns:
            if waiting[turn] and not uploads[turn].is_whole:
                piece = waiting[turn].pop(0)
                append(uploads[turn], headers(uploads[turn].offset, len(piece)), [piece])
        placed = [finish_draft(draft, {}, now=NOW) for draft in drafts]
        assert placed[0] != placed[1]
        for place, content in zip(placed, contents, strict=True):
            assert (place / "person.csv").read_bytes() == b"".join(content)
            assert sorted(p.name for p in place.iterdir()) == ["_SUBMISSION.json", "person.csv"]


@FEW
@given(offset=st.integers(0, 60), length=st.integers(0, 60))
def test_only_bytes_that_follow_are_taken(offset: int, length: int) -> None:
    with TemporaryDirectory() as folder:
        home = Path(folder)
        upload = create(home, begin(home, "general", "1"), 50)
        append(upload, headers(0, 20), [b"a" * 20])
        body = [b"b" * length]
        if offset == 20 and length <= 30:
            append(upload, headers(offset, length), body)
            assert get_upload(upload.folder, upload.id).offset == 20 + length
            return
        with pytest.raises(RefusedError) as refused:
            append(upload, headers(offset, length), body)
        assert refused.value.status == (409 if offset != 20 else 413)
        assert upload.offset == 20


@given(
    st.dictionaries(
        st.text("abcXYZ-_.019", min_size=1, max_size=8), st.text(max_size=20), max_size=4
    )
)
def test_metadata_come_back_as_they_went(metadata: dict[str, str]) -> None:
    assert read_metadata(write_metadata(metadata)) == metadata


@given(st.text(max_size=60))
@example("0 \x80")
def test_any_metadata_end_in_a_dictionary_or_a_refusal(text: str) -> None:
    with suppress(RefusedError):
        assert isinstance(read_metadata(text), dict)
