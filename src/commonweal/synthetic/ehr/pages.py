"""The page of the manual about what is true of made-up records, made from their facts."""

from collections.abc import Iterable, Mapping, Sequence

from commonweal.synthetic.ehr.effects import RATE_RATIO, SHIFT
from commonweal.synthetic.facts import Fact, read_facts
from commonweal.synthetic.people.diseases import COPD_ODDS_RATIO_OF_SMOKERS

Names = Mapping[int, str]
ODDS_RATIO = "odds ratio"
INTRODUCTION = f"""\
# Effects in a synthetic programme

Whoever analyses the records of a [synthetic programme](../../how-to/synthetic.md) can know what
should come out. The sizes on this page are put in on purpose; everything else is chance.

## The planted association

The odds of chronic obstructive lung disease (255573) are {COPD_ODDS_RATIO_OF_SMOKERS:g} times as
high in people who have ever smoked as in others of the same sex and age. Who smoked is in the
surveys and, where a hospital asked, among its observations (43054909). An analysis that does not
take age into account finds a little less, as odds ratios do.

A test of every version finds it again in the records of 12,000 people: its 95 % interval contains
{COPD_ODDS_RATIO_OF_SMOKERS:g} and not 1.
"""
FALLS_ILL = """\
## Who falls ill

The odds of ever having a disease, of those with a cause over those without, at the same age and
sex. Obesity is a body mass index of 30 or more; a disease counts as a cause in those who get it at
any time of their lives.
"""
BRINGS_IN = """\
## What brings people to a hospital

How much more often a visit is for a complaint once a disease is known, or once a drug that is
taken for years has been begun.
"""
IS_MEASURED = """\
## What is measured

How much a result changes, in its unit: by a disease from the first visit after its onset on, by a
drug taken for years from the visit after it was begun, by a complaint at its own visit. Several
causes add up. Results that follow from others follow: total cholesterol, body mass index, the
filtration rate, the indices of red cells.
"""
SECTIONS = {ODDS_RATIO: FALLS_ILL, RATE_RATIO: BRINGS_IN, SHIFT: IS_MEASURED}
DRUGS = """\
## What is taken for it

Who has a disease is given these drugs from the visit at which it is found or the next one on;
the share is of persons, settled once for each. Drugs given for a while, procedures and panels of
results are in the files beside these in `synthetic/data`.
"""
DISTANCES = """\
## How near it is to real data

Made-up people of the ages and sexes of a real set, seen as often, were compared with it. The
distance of two distributions is their total variation: 0 means the same, 1 nothing in common.
That of results is the largest difference of the quantiles from 10 to 90 % in pooled standard
deviations. GiBleed counts whole lives of people over 35, so it is another population.
"""


def build_effects_page(names: Names) -> str:
    """The page, in Markdown; ``names`` are those of the concepts that may be named."""
    effects = read_facts("effects.csv")
    parts = [INTRODUCTION]
    for kind, text in SECTIONS.items():
        rows = [row for row in effects if row["kind"] == kind]
        parts += [text, _effect_table(rows, kind, names)]
    parts += [DRUGS, _drug_table(names), DISTANCES, _distance_table()]
    return "\n".join(parts)


def _effect_table(rows: Iterable[Fact], kind: str, names: Names) -> str:
    heads = ("Cause", "Acts on", kind.capitalize())
    return _table(
        heads,
        [
            (
                _named(row["cause"], names),
                _named(row["effect"], names),
                f"{row['size']} {row['unit']}".strip(),
            )
            for row in rows
        ],
    )


def _drug_table(names: Names) -> str:
    return _table(
        ("Disease", "Drug", "Share", "From"),
        [
            (
                _named(row["given"], names),
                _named(row["drug_concept_id"], names),
                row["chance"],
                row["source"],
            )
            for row in read_facts("drugs.csv")
            if row["course"] == "regimen"
        ],
    )


def _distance_table() -> str:
    rows = read_facts("distances.csv")
    heads = ("What", "Compared with", "Measure", "Distance", "Bound of the test")
    keys = ("what", "compared_with", "measure", "distance", "bound")
    return _table(heads, [tuple(row[key] for key in keys) for row in rows])


def _named(cause: str, names: Names) -> str:
    """A concept by name and number, or by number alone; a cause that is none in its word."""
    if not cause.isdigit():
        return cause
    name = names.get(int(cause))
    return f"{name} ({cause})" if name else cause


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
