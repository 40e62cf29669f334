"""The manual's pages about metrics, made from their declarations."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from commonweal.quality.metrics.definition import (
    Band,
    Kind,
    Metric,
    all_metrics,
    get_bands,
    read_list,
)

LISTS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "physical_measurement": (("physical_measurements.csv", "measurement", "concept_id"),),
    "lab_panels": (("lab_panels.csv", "panel", "name"),),
    "recommended_labs": (("lab_codes.csv", "", "code"),),
    "drug_classes": (("drug_classes.csv", "name", "atc_concept_id"),),
    "drug_information": (("rxnorm_classes.csv", "precedence", "concept_class_id"),),
}
"""Lists of concepts to show: the file, what they are grouped by, and what is shown of each."""
VALUES = {
    Kind.SHARE: "numerator / denominator",
    Kind.COUNT: "the numerator",
    Kind.MEAN: "numerator / denominator, an average",
}


def build_metric_pages() -> dict[str, str]:
    """Pages of the folder of metrics: file name to Markdown."""
    pages = {f"{metric.name}.md": _page(metric) for metric in all_metrics().values()}
    return {"index.md": _index(), **pages}


def _index() -> str:
    rows = [
        f"| {metric.group} | [{metric.title}]({metric.name}.md) | {metric.asks} | {metric.target} |"
        for metric in all_metrics().values()
    ]
    return (
        "# Metrics\n\n"
        "What is measured of every accepted submission, with the vocabulary in force. A value is "
        "never 0 for want of data: a table that was not submitted, one without rows, a vocabulary "
        "that cannot tell and a denominator of 0 each have a word of their own, and no value.\n\n"
        "| group | metric | what it asks | target |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def _page(metric: Metric) -> str:
    return "\n".join(
        [
            f"# {metric.title}\n",
            f"`{metric.name}`\n",
            f"{metric.asks}\n",
            f"- **Numerator:** {metric.numerator}",
            f"- **Denominator:** {metric.denominator}",
            f"- **Value:** {_say_value(metric)}",
            f"- **Target:** {metric.target}",
            f"- **Tables:** {', '.join(f'`{t}`' for t in metric.tables) or 'all that were sent'}\n",
            "## What a value is called\n",
            *_bands(metric),
            f"## What to do\n\n{metric.advice}\n",
            *_lists(metric),
        ]
    )


def _say_value(metric: Metric) -> str:
    rounded = "" if metric.decimals is None else f", rounded to {metric.decimals} decimals"
    return VALUES[metric.kind] + rounded


def _bands(metric: Metric) -> Iterator[str]:
    yield from _band_table("", get_bands(metric.bands))
    for table, bands in metric.table_bands.items():
        yield from _band_table(f"For `{table}`:\n", get_bands(bands))


def _band_table(title: str, bands: Sequence[Band]) -> Iterator[str]:
    if title:
        yield title
    yield "| value | is called | colour | an issue is opened |\n|---|---|---|---|"
    for band in bands:
        issue = "yes" if band.action else ""
        yield f"| {_say_bounds(band)} | {band.words} | {band.tone} | {issue} |"
    yield ""


def _say_bounds(band: Band) -> str:
    bounds = {
        "at least": band.at_least,
        "above": band.above,
        "at most": band.at_most,
        "below": band.below,
    }
    said = [f"{words} {bound:g}" for words, bound in bounds.items() if bound is not None]
    return " and ".join(said) or "any other"


def _lists(metric: Metric) -> Iterator[str]:
    for file, by, shown in LISTS.get(metric.name, ()):
        yield "## What is listed\n"
        for group, rows in groupby(read_list(file), key=lambda row: row[by] if by else ""):
            heading = f"**{group}**: " if group else ""
            yield f"{heading}{', '.join(row[shown] for row in rows)}\n"
