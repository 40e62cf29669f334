"""Write the clinical facts of the synthetic programme from real data and curated lists.

``python scripts/derive_facts.py --data ../shared/data`` rewrites the CSV files in
``src/commonweal/synthetic/data`` that made-up health records are drawn from. The lists in
``scripts/facts`` say which concepts there are and which belong together; how often, how long and
how much comes from the data sets where they hold enough persons, and from common medical
knowledge elsewhere. The column ``source`` tells which: the name of a data set, or ``knowledge``.
The same data give the same bytes.
"""

import argparse
import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from facts.codes import derive_codes
from facts.curated import (
    KNOWLEDGE,
    PEOPLE,
    STRATA,
    VALUES,
    Curated,
    Names,
    Row,
    read_curated,
    round_to,
)
from facts.observed import (
    KNOTS,
    SETS,
    SEXES,
    Observed,
    acute_course,
    acute_rates,
    ever_after_share,
    onset_shares,
    open_data,
    same_day_share,
    visits_by_stratum,
)
from facts.values import derive_growth, derive_measurements, derive_visits, usual_values

FACTS = Path(__file__).resolve().parents[1] / "src" / "commonweal" / "synthetic" / "data"


def derive_chronic(observed: Observed, names: Names) -> Iterable[Row]:
    """Long-lasting diseases: who has had them by which age."""
    for row in read_curated("chronic"):
        knots = [row[f"{sex}_{knot}"] for sex, knot in PEOPLE]
        source = KNOWLEDGE
        if not any(knots):
            source = observed.best_set(int(row["concept_id"]), least=10)
            shares = onset_shares(observed, source, int(row["concept_id"]))
            sexes = [sex for sex in SEXES if row["sex"] in {"", sex}]
            knots = [
                round_to(shares[sex][KNOTS.index(knot)]) if sex in sexes else "0"
                for sex, knot in PEOPLE
            ]
        yield {
            "condition_concept_id": row["concept_id"],
            **{key: row[key] for key in ("sex", "needs", "coded", "lethality")},
            **{f"{sex}_{knot}": x for (sex, knot), x in zip(PEOPLE, knots, strict=True)},
            "source": source,
        }


def derive_complications(observed: Observed, names: Names) -> Iterable[Row]:
    """Diseases that only come after another one: the share of those who have that one."""
    for row in read_curated("complications"):
        share, source = row["share"], KNOWLEDGE
        if not share:
            found, source = _both_share(observed, row["needs"], row["concept_id"])
            share = round_to(found)
        yield {
            "condition_concept_id": row["concept_id"],
            **{key: row[key] for key in ("needs", "coded", "lethality")},
            "share": share,
            "years": row["years"],
            "source": source,
        }


def _both_share(observed: Observed, needs: str, concept: str) -> tuple[float, str]:
    source = observed.best_set(int(needs))
    persons = f"SELECT DISTINCT person FROM condition WHERE origin = '{source}' AND concept ="
    return observed.number(
        f"SELECT avg((person IN ({persons} {concept}))::INT) FROM ({persons} {needs})"
    ), source


def derive_acute(observed: Observed, names: Names) -> Iterable[Row]:
    """Complaints of a while: how often at 1,000 visits, how long, and where they are seen."""
    visits = visits_by_stratum(observed)
    for row in read_curated("acute"):
        concept, source = int(row["concept_id"]), KNOWLEDGE
        course: Sequence[object] = (row["days"], row["emergency"], row["inpatient"])
        if row["rate"]:
            rates = {s: float(row["rate"]) * (row["sex"] in {"", s[0]}) for s in STRATA}
        else:
            source = observed.best_set(concept) or observed.best_set(concept, least=1)
            rates = acute_rates(observed, source, concept, row["sex"], visits)
            if not row["days"]:
                days, *shares = acute_course(observed, concept)
                course = (days, *(round_to(share, 3) for share in shares))
        yield {
            "condition_concept_id": concept,
            **{key: row[key] for key in ("sex", "youngest", "oldest")},
            **{f"{sex}_{band}": round_to(rates[sex, band], 3) for sex, band in STRATA},
            **dict(zip(("days", "emergency", "inpatient"), course, strict=True)),
            "since": row["since"],
            "source": source,
        }


def derive_pregnancy(observed: Observed, names: Names) -> Iterable[Row]:
    """What comes of pregnancies: shares of all that began, but for the normal ones."""
    listed = read_curated("pregnancy")
    begun = ",".join(row["concept_id"] for row in listed if row["stage"] == "early")
    cases = f"SELECT count(*) FROM condition WHERE origin = '{SETS[0]}' AND concept IN"
    for row in listed:
        share = observed.number(f"{cases} ({row['concept_id']})") / observed.number(
            f"{cases} ({begun})"
        )
        yield {
            "condition_concept_id": row["concept_id"],
            **{key: row[key] for key in ("stage", "ends", "days")},
            "share": round_to(share),
            "source": SETS[0],
        }


def derive_drugs(observed: Observed, names: Names) -> Iterable[Row]:
    """Drugs by what they are given for: of a regimen the share of persons, else of records."""
    for row in read_curated("drugs"):
        chance, source = _chance(observed, "drug", row, lasting=row["course"] == "regimen")
        yield {
            "given": row["given"],
            "drug_concept_id": row["concept_id"],
            "name": names.name(row["concept_id"]),
            "course": row["course"],
            "chance": chance,
            **{key: row[key] for key in ("days", "sex", "youngest", "oldest", "since")},
            "source": source,
        }


def _chance(observed: Observed, table: str, row: Curated, *, lasting: bool) -> tuple[str, str]:
    if row["basis"] == KNOWLEDGE:
        return row["chance"], KNOWLEDGE
    measure = ever_after_share if lasting else same_day_share
    share, source = measure(observed, table, int(row["given"]), int(row["concept_id"]))
    if share <= 0:
        raise ValueError(f"{source} shows no {row['concept_id']} for {row['given']}")
    return round_to(share), source


def derive_ingredients(observed: Observed, names: Names) -> Iterable[Row]:
    """The active ingredients of every drug that has any in the vocabulary shard."""
    for drug in sorted({int(row["concept_id"]) for row in read_curated("drugs")}):
        name, vocabulary, _ = names.of[drug]
        if vocabulary == "RxNorm":
            for ingredient in _ingredients(names, name):
                yield {
                    "drug_concept_id": drug,
                    "ingredient_concept_id": ingredient,
                    "name": names.name(str(ingredient)),
                }


def _ingredients(names: Names, drug: str) -> list[int]:
    """Those whose name stands in the drug's name as words, none inside of a longer one."""
    text, found = drug.lower(), []
    for name in sorted(names.ingredients, key=lambda n: (-len(n), n)):
        pattern = rf"(?<![\w-]){re.escape(name)}(?![\w-])"
        if re.search(pattern, text):
            text = re.sub(pattern, "", text)
            found.append(names.ingredients[name])
    return sorted(found)


def derive_panels(_observed: Observed, _names: Names) -> Iterable[Row]:
    """Which results are asked for together, and when."""
    return [{**row, "source": KNOWLEDGE} for row in read_curated("panels")]


def derive_observations(observed: Observed, _names: Names) -> Iterable[Row]:
    """Observations, with their answers or numbers."""
    for row in read_curated("observations"):
        chance, source = row["chance"], KNOWLEDGE
        numbers = {key: row[key] for key in ("mean", "sd")}
        if row["basis"] == "data" and row["high"]:
            usual, sd = usual_values(observed, int(row["concept_id"]))
            numbers = {"mean": round_to(float(np.mean(usual[1:4])), 2), "sd": round_to(sd, 2)}
            source = VALUES
        elif row["basis"] == "data" and row["given"] == "everybody":
            chance, source = _everybody(observed, row["concept_id"]), SETS[0]
        elif row["basis"] == "data":
            chance, source = _chance(observed, "observation", row, lasting=False)
        yield {
            "given": row["given"],
            "observation_concept_id": row["concept_id"],
            "course": row["course"],
            "chance": chance,
            **{key: row[key] for key in ("sex", "youngest", "oldest", "answers")},
            **numbers,
            **{key: row[key] for key in ("low", "high")},
            "source": source,
        }


def _everybody(observed: Observed, concept: str) -> str:
    return round_to(
        observed.number(
            f"""SELECT count(DISTINCT person) / (SELECT count(*) FROM person
                    WHERE origin = '{SETS[0]}') FROM observation
                WHERE origin = '{SETS[0]}' AND concept = {concept}"""
        )
    )


def derive_procedures(observed: Observed, _names: Names) -> Iterable[Row]:
    """Procedures by what they are done for."""
    for row in read_curated("procedures"):
        chance, source = _chance(observed, "procedure", row, lasting=False)
        yield {
            "given": row["given"],
            "procedure_concept_id": row["concept_id"],
            "chance": chance,
            **{key: row[key] for key in ("sex", "youngest", "oldest")},
            "source": source,
        }


def derive_devices(_observed: Observed, _names: Names) -> Iterable[Row]:
    """Devices by what they are used for."""
    for row in read_curated("devices"):
        yield {
            "given": row["given"],
            "device_concept_id": row["concept_id"],
            "chance": row["chance"],
            "source": KNOWLEDGE,
        }


def derive_effects(_observed: Observed, _names: Names) -> Iterable[Row]:
    """What follows from what, and by how much: put there on purpose, to be found again."""
    for row in read_curated("effects"):
        cause = row["cause"]
        yield {
            "cause": cause,
            "effect": row["effect"],
            **{key: row[key] for key in ("kind", "size", "unit")},
            "source": KNOWLEDGE,
        }


def _codes(observed: Observed, names: Names, *, snomed: bool) -> Iterable[Row]:
    """Codes of SNOMED CT, or all the others."""
    rows = derive_codes(observed, names)
    return (row for row in rows if (row["system"] == "snomed") == snomed)


FILES: Mapping[str, Callable[[Observed, Names], Iterable[Row]]] = {
    "acute.csv": derive_acute,
    "chronic.csv": derive_chronic,
    "codes.csv": lambda observed, names: _codes(observed, names, snomed=False),
    "codes_snomed.csv": lambda observed, names: _codes(observed, names, snomed=True),
    "complications.csv": derive_complications,
    "devices.csv": derive_devices,
    "drugs.csv": derive_drugs,
    "effects.csv": derive_effects,
    "growth.csv": derive_growth,
    "ingredients.csv": derive_ingredients,
    "measurements.csv": derive_measurements,
    "observations.csv": derive_observations,
    "panels.csv": derive_panels,
    "pregnancy.csv": derive_pregnancy,
    "procedures.csv": derive_procedures,
    "visits.csv": derive_visits,
}


def write_facts(data: Path, out: Path) -> None:
    """Derive every file and write it."""
    observed = open_data(data)
    names = Names(observed)
    for file, derive in FILES.items():
        rows = list(derive(observed, names))
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        (out / file).write_text(text.getvalue(), encoding="utf-8")
        print(f"{file}: {len(rows)} rows")


def main() -> None:
    """Read the options and write the facts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the real data sets")
    parser.add_argument("--out", type=Path, default=FACTS, help="where the facts are written")
    options = parser.parse_args()
    write_facts(options.data, options.out)


if __name__ == "__main__":
    main()
