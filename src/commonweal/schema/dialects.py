"""The page about the dialects of a submission: how each differs from the programme's own.

Everything is worked out from the declarations, so that a flag changed there changes the page.
"""

from collections.abc import Iterator, Sequence

from commonweal.schema.model import Field, Model, Role, Submission, Table, get_model

BASIS = "programme"
DIALECTS = (BASIS, "omop-5.4", "omop-5.3", "sprint", "alpha")
"""What a site may send, the programme's own first."""
INTRODUCTION = """\
# Dialects

A submission follows one of these sets of tables: `commonweal check FOLDER --dialect NAME`. The
[submission specification](submission/index.md) is that of `programme`; of the others only the
differences are listed. *New* columns are not in `programme`, *without* are those that it alone
has, and a flag is *required* or *optional* where `programme` says the other."""
DEIDENTIFIED = """\
It is de-identified at the site. Every date is 1 January of its year, month and day of birth
included; nobody is more than 80 years old, by the year alone; there is no key of the site's own
for a person and no address below the state; names, contacts, matching results and notes stay at
the site. What breaks one of these rules is an error. References to tables that are not sent are 0
or empty. `commonweal deidentify` makes such files."""


def build_dialects_page() -> str:
    """The page, in Markdown."""
    parts = [INTRODUCTION, *map(_describe, DIALECTS)]
    return "\n\n".join(parts) + "\n"


def _describe(name: str) -> str:
    model = get_model(name)
    sent = [t for t in model.tables.values() if t.role is not Role.VOCABULARY]
    required = sorted(table.name for table in model.with_submission(Submission.REQUIRED))
    parts = [
        f"## `{name}`",
        f"{model.title}: {len(sent)} tables.",
        f"Complete with {len(required)}: {_join(required)}.",
    ]
    if model.deidentified:
        parts.append(DEIDENTIFIED)
    if model.most_persons is not None:
        parts.append(f"It should have at most {model.most_persons} persons (a warning).")
    if name != BASIS:
        parts.append(_compare(model, get_model(BASIS)))
    return "\n\n".join(parts)


def _compare(model: Model, basis: Model) -> str:
    shared = [name for name in sorted(basis.tables) if name in model.tables]
    rows = [
        (f"`{name}`", *differences)
        for name in shared
        if any(differences := _differ(model.table(name), basis.table(name)))
    ]
    head = ("table", "new", "without", "required", "optional", "other type")
    lines = [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]
    same = [name for name in shared if not any(_differ(model.table(name), basis.table(name)))]
    new = sorted(set(model.tables) - set(basis.tables))
    said = ["\n".join(lines)] if rows else []
    said += [f"The same as in `{BASIS}`: {_join(same)}."] if same else []
    said += [f"Tables that `{BASIS}` does not have: {_join(new)}."] if new else []
    return "\n\n".join(said)


def _differ(table: Table, basis: Table) -> Sequence[str]:
    new = [field.name for field in table.fields if field.name not in basis.by_name]
    without = [field.name for field in basis.fields if field.name not in table.by_name]
    both = [(field, basis.field(field.name)) for field in table.fields if field.name not in new]
    flags = [
        (field.name, field.required) for field, other in both if field.required != other.required
    ]
    required = [name for name, is_required in flags if is_required]
    optional = [name for name, is_required in flags if not is_required]
    return [_join(new), _join(without), _join(required), _join(optional), _join(_retyped(both))]


def _retyped(pairs: Sequence[tuple[Field, Field]]) -> Iterator[str]:
    for field, other in pairs:
        if field.type != other.type:
            yield field.name


def _join(names: Sequence[str] | Iterator[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
