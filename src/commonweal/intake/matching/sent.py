"""What a site sent of persons and their details, read from accepted files.

``Sent`` is a folder of files that the check accepted. Frames have the names of the fields that
are compared (``declared.FIELDS``), as text, and one row for each row of the file.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from commonweal.intake.check.lines import LineMap
from commonweal.intake.landing import Submission
from commonweal.intake.reading import RECORD, map_lines, scan_columns
from commonweal.intake.report import CheckReport
from commonweal.schema.errors import CommonwealError
from commonweal.schema.model import Model, get_model

PERSON = "person_id"


@dataclass(frozen=True)
class Sent:
    """The files of a submission by table; all of them were accepted."""

    model: Model
    files: Mapping[str, Path]
    _maps: dict[str, LineMap] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Where the records of a table stand, once somebody asked: a whole file is read for it."""

    def has(self, table: str) -> bool:
        return table in self.files

    def scan(self, table: str, *columns: str) -> pl.LazyFrame:
        """Columns of a table as text and the record number; no rows when it was not sent."""
        if not self.has(table):
            schema = {**dict.fromkeys(columns, pl.String), RECORD: pl.Int64}
            return pl.LazyFrame(schema=schema)
        return scan_columns(self.files[table], self.model.table(table), columns)

    def scan_persons(self, table: str, *columns: str) -> pl.LazyFrame:
        """As ``scan``, with the person in front as a number; rows about nobody are left out."""
        number = pl.col(PERSON).cast(pl.Int64, strict=False)
        return self.scan(table, PERSON, *columns).with_columns(number).drop_nulls(PERSON)

    def list_person_tables(self) -> list[str]:
        """Tables that were sent and whose rows are about a person."""
        return [name for name in self.files if self.model.table(name).has_person]

    def find_lines(self, table: str, records: Iterable[int]) -> list[int]:
        """Physical lines of records of a table."""
        if table not in self._maps:
            self._maps[table] = map_lines(self.files[table])
        lines = self._maps[table]
        return [lines.place(record)[1] for record in records]


def open_submission(submission: Submission) -> Sent:
    """The files of an accepted submission.

    Raises:
        CommonwealError: it was not accepted, so its rows cannot be told apart without loss.
    """
    if not submission.is_accepted:
        raise _not_accepted(f"The submission {submission.id}")
    files = {f.table: submission.folder / f.name for f in submission.files if f.table}
    return Sent(get_model(submission.dialect), files)


def open_folder(folder: Path, report: CheckReport) -> Sent:
    """The files of a folder that the check accepted.

    Raises:
        CommonwealError: it did not.
    """
    if not report.is_accepted:
        raise _not_accepted(f"The folder {folder}")
    return Sent(get_model(report.dialect), {f.table: folder / f.file for f in report.files})


def read_details(sent: Sent) -> dict[str, pl.DataFrame]:
    """Details by the table they come from: ``person_id``, fields, ``_src_row``.

    ``person`` has the fields birth_date and sex (a concept id), and the parts of the birth;
    ``address`` is ``pii_address`` with the parts of the location it names.
    """
    person = sent.scan_persons(
        "person",
        "birth_datetime",
        "year_of_birth",
        "month_of_birth",
        "day_of_birth",
        "gender_concept_id",
    ).rename({"birth_datetime": "birth_date", "gender_concept_id": "sex"})
    plans = {
        "person": person,
        "pii_name": sent.scan_persons("pii_name", "first_name", "middle_name", "last_name"),
        "pii_phone_number": sent.scan_persons("pii_phone_number", "phone_number"),
        "pii_email": sent.scan_persons("pii_email", "email"),
        "pii_address": _join_addresses(sent),
    }
    return dict(zip(plans, pl.collect_all(plans.values()), strict=True))


def read_validations(sent: Sent) -> pl.DataFrame:
    """``participant_match`` as it was sent: outcomes and validations as lower-case text."""
    columns = [
        "first_name",
        "last_name",
        "dob",
        "algorithm_validation",
        "manual_validation",
    ]
    small = pl.col(columns).str.strip_chars().str.to_lowercase()
    return sent.scan_persons("participant_match", *columns).with_columns(small).collect()


def _join_addresses(sent: Sent) -> pl.LazyFrame:
    """Addresses; a location that was sent more than once counts once, with its first row."""
    parts = ("address_1", "address_2", "city", "state", "zip")
    has_any = sent.has("pii_address") and "location_id" in sent.model.table("pii_address").by_name
    if not has_any:
        return pl.LazyFrame(
            schema={PERSON: pl.Int64, **dict.fromkeys(parts, pl.String), RECORD: pl.Int64}
        )
    homes = sent.scan("location", "location_id", *parts)
    first = homes.sort(RECORD).unique("location_id", keep="first", maintain_order=True)
    return (
        sent.scan_persons("pii_address", "location_id")
        .join(first.drop(RECORD), on="location_id", how="left")
        .select(PERSON, *parts, RECORD)
    )


def _not_accepted(what: str) -> CommonwealError:
    return CommonwealError(
        f"{what} was rejected by the check and cannot be compared.",
        expected="files that the check accepted",
        fix="Mend what `commonweal check` finds, and try again.",
    )
