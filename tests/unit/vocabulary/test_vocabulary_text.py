"""Text in pieces: all of it, cut only where rows end."""

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonweal.schema.errors import CommonwealError
from commonweal.vocabulary import text
from commonweal.vocabulary.text import read_header, read_pieces

CELLS = st.text(st.sampled_from('ab",\n\té '), max_size=8)


def cut(content: bytes, size: int, monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, int]]:
    monkeypatch.setattr(text, "PIECE_BYTES", size)
    stream = io.BytesIO(content)
    header = read_header(stream, "X.csv")
    return [(piece.content, piece.first_line) for piece in read_pieces(stream, header, "X.csv")]


@settings(deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=20), size=st.integers(1, 60))
def test_quoted_text_is_cut_between_rows(rows: list[tuple[str, str]], size: int) -> None:
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b"), *rows])
    content = written.getvalue().encode()
    with pytest.MonkeyPatch.context() as patch:
        pieces = cut(content, size, patch)
    assert b"".join(piece for piece, _ in pieces) == content.partition(b"\n")[2]
    read = [csv.reader(io.StringIO(piece.decode(), newline="")) for piece, _ in pieces]
    assert [tuple(row) for piece in read for row in piece] == rows


@settings(deadline=None)
@given(rows=st.lists(st.text(st.sampled_from('a"\t '), max_size=9), max_size=20))
def test_unquoted_text_is_cut_at_line_ends_and_lines_are_counted(rows: list[str]) -> None:
    content = "".join(f"{row}\n" for row in ["a\tb", *rows]).encode()
    with pytest.MonkeyPatch.context() as patch:
        pieces = cut(content, 7, patch)
    lines = [line for piece, _ in pieces for line in piece.decode().splitlines()]
    assert lines == rows
    counted = 2
    for piece, first_line in pieces:
        assert first_line == counted
        counted += piece.count(b"\n")


def test_a_last_row_without_a_line_end_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cut(b"a\tb\n1\t2\n3\t4", 100, monkeypatch) == [(b"1\t2\n", 2), (b"3\t4", 3)]
    assert cut(b"a\tb\n", 100, monkeypatch) == []
    assert cut(b"a\tb", 100, monkeypatch) == []


def test_a_byte_order_mark_is_not_part_of_a_name() -> None:
    header = read_header(io.BytesIO(b"\xef\xbb\xbfConcept_ID\tname\r\n"), "X.csv")
    assert (header.columns, header.delimiter, header.quote) == (("Concept_ID", "name"), "\t", "")


@pytest.mark.parametrize(
    "content", [b"a\tb\n" + b"x" * 500, b'a,b\n1,"never closed\n' + b"2,3\n" * 200]
)
def test_a_row_without_end_is_told(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "LONGEST_ROW", 100)
    with pytest.raises(CommonwealError, match=r"Line 2 of X\.csv does not end"):
        cut(content, 50, monkeypatch)
