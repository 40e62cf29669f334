"""Made-up hospitals are de-identified: the result is accepted, and nothing of anybody is in it."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.deidentified import AS_OF, check_as, read, read_key_rows, run
from tests.intake_folders import check

from commonweal.intake.findings import Severity
from commonweal.schema.model import DataType, get_model
from commonweal.synthetic.assembly import make_programme
from commonweal.synthetic.output.writing import Part
from commonweal.synthetic.plan import build_plan

DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
SITES = ("prairie", "redrock", "harborview")
MARKERS = {
    "condition_occurrence": "condition_source_value",
    "measurement": "measurement_source_value",
    "drug_exposure": "drug_source_value",
}
FREE = {
    "drug_exposure": "sig",
    "measurement": "value_source_value",
    "observation": "value_as_string",
    "condition_occurrence": "stop_reason",
}


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "programme"
    plan = build_plan(persons=300, sites=3, seed=11, as_of=AS_OF, demographics=None)
    make_programme(plan, folder, parts=frozenset({Part.SUBMISSIONS}), mended=True)
    submissions = folder / "submissions"
    for site in submissions.iterdir():
        plant(site)
    return submissions


def plant(site: Path) -> None:
    """Put marks of a person where sites are known to put them: into text and source values."""
    persons = read_any(site, "pii_name")
    for table in MARKERS.keys() | FREE.keys():
        path = site / f"{table}.csv"
        rows = read_any(site, table)
        header = path.read_text(encoding="utf-8").splitlines()[0].split(",")
        names = {column.lower(): column for column in header}
        by_person = {row["person_id"]: row for row in persons}
        for number, row in enumerate(rows):
            if column := FREE.get(table):
                row[column] = f"planted-text-{number}"
            own = by_person.get(row["person_id"])
            if table in MARKERS and own and number % 50 == 0:
                row[MARKERS[table]] = f"ordered by {own['last_name']}"
            if table in MARKERS and number % 50 == 1:
                row[MARKERS[table]] = "planted 2019-03-04"
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(header)
            writer.writerows([[row[c] for c in names] for row in rows])


def read_any(folder: Path, table: str) -> list[dict[str, str]]:
    """Rows of a table under lower-case names; some sites write theirs in capitals."""
    path = folder / f"{table}.csv"
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8-sig") as stream:
        return [{k.lower(): v for k, v in row.items() if k} for row in csv.DictReader(stream)]


def list_secrets(site: Path) -> Iterator[str]:
    """Every name, address, number and planted text of the site's own files."""
    columns = {
        "pii_name": ("first_name", "last_name"),
        "pii_email": ("email",),
        "pii_phone_number": ("phone_number",),
        "pii_mrn": ("mrn",),
        "person": ("person_source_value",),
        "location": ("address_1", "address_2", "city", "zip", "location_source_value"),
        "provider": ("provider_name", "npi", "dea", "provider_source_value"),
        "care_site": ("care_site_name", "care_site_source_value"),
    }
    for table, names in columns.items():
        for row in read_any(site, table):
            yield from (row[name] for name in names if row.get(name))


def list_cells(out: Path) -> Iterator[tuple[str, str, str]]:
    """Table, column and cell of everything that was written."""
    for path in sorted(out.iterdir()):
        for row in read(out, path.stem):
            yield from ((path.stem, column, cell) for column, cell in row.items() if cell)


@pytest.fixture(
    scope="module", params=[(site, d) for site in range(3) for d in ("sprint", "alpha")]
)
def made(
    request: pytest.FixtureRequest, sites: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, str]:
    number, dialect = request.param
    site = sorted(sites.iterdir())[number]
    out = tmp_path_factory.mktemp("out") / "made"
    run(site, out, dialect=dialect, report=check(site, today=AS_OF))
    return site, out, dialect


def test_it_passes_the_check_without_an_error(made: tuple[Path, Path, str]) -> None:
    _, out, dialect = made
    report = check_as(out, dialect)
    assert [f.code for f in report.all_findings if f.severity is Severity.ERROR] == []
    assert report.complete


def test_no_date_is_but_the_first_of_january(made: tuple[Path, Path, str]) -> None:
    _, out, dialect = made
    found = {day for _, _, cell in list_cells(out) for day in DAY.findall(cell)}
    assert found
    assert {day[4:] for day in found} == {"-01-01"}
    model = get_model(dialect)
    times = {
        cell[10:]
        for table, column, cell in list_cells(out)
        if model.table(table).field(column).type is DataType.TIMESTAMP
    }
    assert times == {" 00:00:00"}


def test_no_value_that_names_somebody_is_in_any_file(made: tuple[Path, Path, str]) -> None:
    site, out, _ = made
    written = "\n".join(path.read_text(encoding="utf-8") for path in out.iterdir())
    words = set(re.findall(r"[^,\n]+", written))
    secrets = set(list_secrets(site))
    assert len(secrets) > 100
    races = {row["race_source_value"] for row in read(out, "person")}
    assert words & secrets <= races, "a surname may be a word for a race, and stays one"
    long = [secret for secret in secrets if len(secret) >= 7]
    assert [secret for secret in long if secret in written] == []
    assert "planted" not in written
    assert "ordered by" not in written


def test_no_id_of_the_site_is_in_any_file(made: tuple[Path, Path, str]) -> None:
    _, out, dialect = made
    key = read_key_rows(out.with_name("made.key.csv"))
    model = get_model(dialect)
    seen = 0
    for table, column, cell in list_cells(out):
        field = model.table(table).field(column)
        ids = field.references.table if field.references else table
        if field.primary_key or (field.references and not field.is_concept):
            assert int(cell) not in key[ids]
            seen += 1
    assert seen > 1000


def test_nobody_is_over_80(made: tuple[Path, Path, str]) -> None:
    _, out, _ = made
    assert max(AS_OF.year - int(row["year_of_birth"]) for row in read(out, "person")) <= 80
