"""The page of the manual about the comparison of identities, made from what it is declared with."""

from collections.abc import Iterable, Sequence

from commonweal.intake.matching.declared import (
    FIELDS_LIMIT,
    NAMING_LIMIT,
    get_abbreviations,
    get_sex_table,
    get_states,
    list_evidence_kinds,
    list_field_rules,
)

INTRODUCTION = f"""\
# Comparison of identities

Each person of a submission is compared with what the participant of the same id entered. Twelve
fields are made comparable as below and then must be equal. The outcome of a field is `match`,
`no_match`, `missing_rdr` (the programme has no value) or `missing_ehr` (the site has none).

A person **leaves** by the strict rule when {NAMING_LIMIT} or more of first name, last name and
date of birth, or {FIELDS_LIMIT} or more of all fields, are not `match`, and the site did not
accept the person in `participant_match`. One *yes* of the site accepts. Without a *yes*, an empty
answer leaves it open: the result is `not_known`, and the records stay. Whom the table leaves out,
and everybody where there is no such table, was not accepted.

Of several rows of one person the one with the least values is compared, whatever their order.
Nothing of this removes a row: what enters a release is decided in curation.
"""
EVIDENCE = """\
## Evidence beside the strict outcome

Where a field does not match, it is looked at once more, in all rows of the person. What is found
is told in these words and changes no outcome.
"""


def build_matching_page() -> str:
    """The page, in Markdown."""
    _, codes = get_states()
    sexes = get_sex_table()
    matches = [(a, ", ".join(map(str, sorted(c))) or "none") for a, c in sexes.matches.items()]
    unanswered = ", ".join(f"`{answer}`" for answer in sorted(sexes.unanswered))
    kinds = list_evidence_kinds().values()
    return "\n".join(
        [
            INTRODUCTION,
            "## Fields\n",
            _table(
                ("field", "name", "how it is made comparable"),
                [(f"`{rule.name}`", rule.title, rule.rule) for rule in list_field_rules()],
            ),
            "## Sexes\n",
            _table(("answer", "gender concepts that match"), matches),
            f"{unanswered} are no answer of the participant; 0 and empty are none of the site.\n",
            "## States\n",
            ", ".join(f"`{code}`" for code in codes) + "\n",
            "## Abbreviations\n",
            _table(("in a street", "stands for"), get_abbreviations("street").items()),
            _table(("in a city", "stands for"), get_abbreviations("city").items()),
            EVIDENCE,
            _table(
                ("evidence", "fields", "words"),
                [(f"`{k.name}`", ", ".join(f"`{f}`" for f in k.fields), k.words) for k in kinds],
            ),
        ]
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
