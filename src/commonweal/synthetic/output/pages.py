"""What stands beside the data: a page for people, and the plan and the counts for programs."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from commonweal.synthetic.plan import Plan

PLACES = {
    "submissions": (
        "What each site sends: a folder for each, with a file for each table, CSV or JSON Lines. "
        "Look at one with `commonweal check`."
    ),
    "alpha": "De-identified files of some of the sites, as in the programme's first uploads.",
    "omop": (
        "The records of all sites as one OMOP 5.4 folder of Parquet files, without a fault, and "
        "the abridged vocabulary with the names of concepts; `commonweal vocabulary info` tells "
        "its licences."
    ),
    "feeds": "What the programme itself knows of its participants, as of the day of the snapshot.",
}
MOST_SITES_SHOWN = 12
RELEASE_INTRODUCTION = (
    "With the feeds laid where the pipeline looks for them, a release can be built:"
)
RELEASE_COMMANDS = """\
```console
mkdir -m 700 home/feeds
cp -r feeds/* home/feeds/
commonweal release build
commonweal serve
```"""
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
            f"seed {plan.seed}. The same options and version give the same files, byte for byte."
        ),
        "## What is where",
        "\n".join(f"- `{name}/`: {PLACES[name]} {rows:,} rows." for name, rows in folders.items()),
        ("`programme.json` has the plan, the rows of every table and the SHA-256 of every file."),
    ]
    if faults is not None:
        parts += [
            f"`truth.csv`: {TRUTH} {faults:,} faults.",
            *_rehearsal(plan, with_feeds="feeds" in folders),
        ]
    return ("\n\n".join(parts) + "\n").encode()


def _rehearsal(plan: Plan, *, with_feeds: bool) -> list[str]:
    """How to take the files of the sites through a programme that is made up as well."""
    handing_in = [
        line
        for site in plan.sites[:MOST_SITES_SHOWN]
        for line in (
            f'commonweal sites register {site.name} --title "{site.title}" --state {site.state}',
            (
                f"commonweal submit submissions/{site.name} --site {site.name} "
                "--purpose production --synthetic"
            ),
        )
    ]
    more = len(plan.sites) - MOST_SITES_SHOWN
    settings = f"""\
```toml
home = "home"

[programme]
name = "Rehearsal"
synthetic = true
cutoff = {plan.as_of}
```"""
    return [
        "## Rehearse with it",
        "In this folder, write a `commonweal.toml` that says where the programme is kept:",
        settings,
        (
            "Then every site registers and hands in. One that is rejected sends mended files "
            "later: make them with the same options, `--mended` and another folder."
        ),
        "\n".join(["```console", *handing_in, "```"]),
        *([f"And so on for {more:,} sites more."] if more > 0 else []),
        *([RELEASE_INTRODUCTION, RELEASE_COMMANDS] if with_feeds else []),
    ]


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
