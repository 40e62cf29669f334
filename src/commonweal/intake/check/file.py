"""All passes over one file, in their order; each stops the next ones when it must."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from errno import EINVAL
from itertools import groupby, islice
from pathlib import Path
from stat import S_ISREG

from commonweal.intake.check.columnar import Source, check_cells
from commonweal.intake.check.header import (
    HEADER_PLACE,
    Header,
    compare_header,
    find_bad_byte,
    find_other_delimiter,
    match_columns,
    read_header,
)
from commonweal.intake.check.jsonl import JsonLines
from commonweal.intake.check.lines import LineMap
from commonweal.intake.check.preflight import (
    HEAD_BYTES,
    MAX_RECORD_BYTES,
    Structure,
    recognise,
)
from commonweal.intake.check.structure import copy_sound_records, count_lines
from commonweal.intake.findings import (
    MAX_EXAMPLES,
    Example,
    Finding,
    Severity,
    Tally,
    build_finding,
)
from commonweal.intake.report import FileReport
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Table

LONGEST_END = 2
"""A last line without an end is given one of so many bytes."""
LONGEST_REPAIR = 3
"""A byte that is no UTF-8 becomes a character of so many."""

FileProgress = Callable[[str, int, int], None]
"""Told the file's name, the work done and the whole work, both in bytes."""


@dataclass(frozen=True)
class Checked:
    """A file's report and, when it could be read as its table, what the key checks need."""

    report: FileReport
    table: Table
    keys: Path | None = None
    lines: LineMap | None = None
    columns: frozenset[str] = frozenset()

    def with_rows(self, rows: int, rejected: int) -> "Checked":
        return replace(self, report=replace(self.report, rows=rows, rejected_rows=rejected))

    def with_findings(self, more: tuple[Finding, ...]) -> "Checked":
        report = replace(self.report, findings=self.report.findings + more)
        return replace(self, report=report)


@dataclass(frozen=True)
class FileCheck:
    """How files are checked: where scratch goes, who watches, what a report may hold."""

    scratch: Path
    show_values: bool = False
    progress: FileProgress | None = None
    max_record_bytes: int = MAX_RECORD_BYTES
    _reached: dict[str, int] = field(default_factory=dict)

    def run(self, path: Path, table: Table) -> Checked:
        """Check one file as ``table``; a fault of the file is a finding, never an exception."""
        try:
            size, modified = stamp(path)
            with path.open("rb") as stream:
                head = stream.read(HEAD_BYTES)
        except OSError as error:
            return self._stopped(
                path, table, "file.unreadable", error.strerror or "no reason given"
            )
        blank = Checked(FileReport(path.name, table.name, bytes=size, modified_ns=modified), table)
        nature = recognise(head)
        if nature.code:
            return self._add(blank, nature.code, detail=nature.detail)
        if nature.has_mark:
            blank = self._add(blank, "encoding.bom")
        lines = path.suffix.lower() == ".jsonl"
        checked = (self._check_json_lines if lines else self._check_csv)(path, blank)
        was_read = checked.keys is not None and not checked.report.count(Severity.ERROR)
        has_no_rows = was_read and checked.report.seen_rows == 0
        return self._add(checked, "file.no_rows") if has_no_rows else checked

    def _check_csv(self, path: Path, checked: Checked) -> Checked:
        with path.open("rb") as stream:
            header = read_header(stream, self.max_record_bytes)
        if header is None:
            return self._explain_header(path, checked)
        if delimiter := find_other_delimiter(header.names):
            return self._add(checked, "file.delimiter", detail=delimiter)
        checked = checked.with_findings(tuple(compare_header(path.name, header, checked.table)))
        if any(f.code == "header.absent" for f in checked.report.findings):
            return checked
        return self._check_records(path, header, checked)

    def _explain_header(self, path: Path, checked: Checked) -> Checked:
        with path.open("rb") as stream:
            line = stream.readline(self.max_record_bytes + 1)
        if len(line) > self.max_record_bytes:
            return self._add(checked, "structure.record_too_long")
        bad = find_bad_byte(line)
        if bad is None:
            return self._add(checked, "header.malformed")
        return self._add(checked, "encoding.invalid_utf8", detail=f"{bad:,}", place=HEADER_PLACE)

    def _check_records(self, path: Path, header: Header, checked: Checked) -> Checked:
        mapping = match_columns(header.names, checked.table)
        source = Source(path, header.bytes, header.lines, mapping.width, mapping.fields)
        size = checked.report.bytes
        tally = Tally(show_values=self.show_values)
        structure = check_cells(
            source,
            self._keys_file(checked),
            tally=tally,
            progress=lambda done: self._tell(path, done, size),
            limit=self.max_record_bytes,
        )
        if not structure.sound:
            return self._check_damaged(source, checked)
        read = source.header_bytes + structure.bytes
        is_all = size <= read <= size + LONGEST_END
        _account_for(checked, path, size, size if is_all else read, "bytes")
        _note_broken_lines(structure, tally)
        return self._conclude(checked, source, tally, structure)

    def _check_damaged(self, source: Source, checked: Checked) -> Checked:
        """Read with care, then check the records that could be read; no record goes missing."""
        path, size = source.path, checked.report.bytes
        tally = Tally(show_values=self.show_values)
        copy = copy_sound_records(
            path,
            self._scratch_file(path, ".copy.csv"),
            header_bytes=source.header_bytes,
            header_lines=source.header_lines,
            width=source.width,
            tally=tally,
            progress=lambda done: self._tell(path, done // 2, size),
            limit=self.max_record_bytes,
        )
        if copy.is_whole:
            there = count_lines(path, after=source.header_bytes)
            _account_for(checked, path, there, copy.lines_read, "lines")
        structure = check_cells(
            replace(source, path=copy.path, header_bytes=0, header_lines=0),
            self._keys_file(checked),
            tally=tally,
            progress=lambda done: self._tell(path, (size + done) // 2, size),
            copied=copy.lines,
            limit=size * LONGEST_REPAIR,
        )
        copy.path.unlink()
        accounted = structure.records if structure.sound else 0
        _account_for(checked, path, copy.rows, accounted, "records")
        whole = replace(structure, lines=copy.lines, mixed_ends=copy.mixed_ends)
        return self._conclude(checked, source, tally, whole, rejected=copy.rejected)

    def _conclude(
        self,
        checked: Checked,
        source: Source,
        tally: Tally,
        structure: Structure,
        *,
        rejected: int = 0,
    ) -> Checked:
        size = checked.report.bytes
        self._tell(source.path, size, size)
        done = replace(
            checked.with_findings(tuple(_read_tally(tally, checked))),
            keys=self._keys_file(checked),
            lines=structure.lines,
            columns=frozenset(field.name for _, field in source.fields),
        ).with_rows(structure.records, rejected)
        return self._add(done, "structure.mixed_line_ends") if structure.mixed_ends else done

    def _check_json_lines(self, path: Path, checked: Checked) -> Checked:
        tally = Tally(show_values=self.show_values)
        reader = JsonLines(path, checked.table, tally, limit=self.max_record_bytes)
        keys = self._scratch_file(path, ".keys.parquet")
        reader.check(keys, lambda done: self._tell(path, done, checked.report.bytes))
        found = (*_read_tally(tally, checked), *reader.find_strange())
        columns = frozenset(checked.table.columns)
        filled = replace(
            checked.with_findings(found), keys=keys, lines=reader.lines, columns=columns
        )
        _account_for(checked, path, reader.seen, reader.rows + reader.rejected, "lines")
        return filled.with_rows(reader.rows, reader.rejected)

    def _stopped(self, path: Path, table: Table, code: str, detail: str) -> Checked:
        return self._add(Checked(FileReport(path.name, table.name), table), code, detail=detail)

    def _add(
        self, checked: Checked, code: str, *, detail: str = "", place: Example | None = None
    ) -> Checked:
        limit = f"{self.max_record_bytes >> 20} MiB"
        finding = build_finding(
            code,
            file=checked.report.file,
            table=checked.table.name,
            detail=limit if code == "structure.record_too_long" else detail,
            examples=(place,) if place else (),
        )
        return checked.with_findings((finding,))

    def _keys_file(self, checked: Checked) -> Path:
        return self._scratch_file(Path(checked.report.file), ".keys.parquet")

    def _scratch_file(self, path: Path, ending: str) -> Path:
        return self.scratch / f"{path.name}{ending}"

    def _tell(self, path: Path, done: int, total: int) -> None:
        """Tell how far a file is; never less than before, though a damaged one is read anew."""
        if self.progress is not None:
            reached = self._reached[path.name] = max(done, self._reached.get(path.name, 0))
            self.progress(path.name, min(reached, total), total)


def stamp(path: Path) -> tuple[int, int]:
    """Size and time of change of an ordinary file.

    Raises:
        OSError: there is no such file, or it is something else, such as a pipe.
    """
    status = path.stat()
    if not S_ISREG(status.st_mode):
        raise OSError(EINVAL, "not an ordinary file")
    return status.st_size, status.st_mtime_ns


def _note_broken_lines(structure: Structure, tally: Tally) -> None:
    """Values over several lines: counted by the pass, and the first ones located."""
    code = "structure.newline_in_value"
    rows = (after - 1 for after, _ in groupby(row for row, _ in structure.lines.line_shifts()))
    for record, line in map(structure.lines.place, islice(rows, MAX_EXAMPLES)):
        tally.add(code, line=line, record=record)
    if structure.broken_lines > MAX_EXAMPLES:
        tally.count(code, more=structure.broken_lines - MAX_EXAMPLES)


def _account_for(checked: Checked, path: Path, there: int, accounted: int, what: str) -> None:
    """Rows parsed and rows rejected are all there is, whichever pass counted them.

    Raises:
        CommonwealError: something was lost on the way, or the file changed meanwhile.
    """
    if there == accounted:
        return
    if stamp(path) != (checked.report.bytes, checked.report.modified_ns):
        raise CommonwealError(
            f"{path.name} changed while it was checked.",
            expected="a file that nobody writes to any more",
            fix="Wait until the export is finished, then check again.",
        )
    raise CommonwealError(
        f"{path.name} has {there:,} {what}, but {accounted:,} are accounted for.",
        fix="This is a fault of the check and not of the file: please report it.",
    )


def _read_tally(tally: Tally, checked: Checked) -> Iterator[Finding]:
    limits = {
        field.name: ", ".join(sorted(field.values)) or str(field.length or "")
        for field in checked.table.fields
    }
    return tally.findings(file=checked.report.file, table=checked.table.name, details=limits)
