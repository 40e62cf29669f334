"""What stands beside the data: a page for people, and the plan and the counts for programs."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from commonweal.synthetic.plan import Plan

PLACES = {
    "submissions": (
        "What each site sends: a folder for each, with a CSV file for each table. "
        "Look at one with `commonweal check`."
    ),
    "alpha": "De-identified files of some of the sites, as in the programme's first uploads.",
    "omop": "The records of all sites as one OMOP 5.4 folder of Parquet files, without a fault.",
    "feeds": "What the programme itself knows of its participants, as of the day of the snapshot.",
}
TRUTH = "Every fault that was planted in the files of the sites, and the line it stands on."


def build_readme(plan: Plan, folders: Mapping[str, int], faults: int | None) -> bytes:
    """A page that says what is where; ``folders`` has the rows in each folder."""
    parts = [
        "# A synthetic programme",
        (
            "**Nobody in these files exists.** All people, names, addresses, numbers and "
            "histories are made up by a program. Nothing here may be taken for the record of "
            "anybody, or for a finding about health."
        ),
        (
            f"{plan.persons:,} people at {len(plan.sites):,} sites, as of {plan.as_of}, from "
            f"seed {plan.seed}. The same plan gives the same files, byte for byte."
        ),
        "## What is where",
        "\n".join(f"- `{name}/`: {PLACES[name]} {rows:,} rows." for name, rows in folders.items()),
        ("`programme.json` has the plan, the rows of every table and the SHA-256 of every file."),
    ]
    if faults is not None:
        parts.append(f"`truth.csv`: {TRUTH} {faults:,} faults.")
    return ("\n\n".join(parts) + "\n").encode()


def describe_plan(plan: Plan) -> dict[str, Any]:
    """The plan as JSON."""
    return {
        "persons": plan.persons,
        "seed": plan.seed,
        "as_of": plan.as_of.isoformat(),
        "demographics": asdict(plan.demographics),
        "sites": [
            asdict(site)
            | {
                "records_from": site.records_from.isoformat(),
                "sent_on": site.sent_on(plan.as_of).isoformat(),
            }
            for site in plan.sites
        ],
    }
