"""What a value is called, at and beside every edge of every band."""

import pytest

from commonweal.quality.metrics.definition import all_bands, all_metrics, get_metric
from commonweal.quality.metrics.value import build_value

# value, its neighbour on the other side of the edge, and what each is called
EDGES = [
    ("gc_1_standard", None, 0.90, "meets", False),
    ("gc_1_standard", None, 0.8999, "approaching", True),
    ("gc_1_standard", None, 0.7001, "approaching", True),
    ("gc_1_standard", None, 0.70, "not_met", True),
    ("gc_1_standard", "observation", 0.90, "meets", False),
    ("gc_1_standard", "observation", 0.8999, "approaching", False),
    ("gc_1_standard", "observation", 0.7001, "approaching", False),
    ("gc_1_standard", "observation", 0.70, "not_met", False),
    ("gc_1_standard", "observation", 0.60, "not_met", False),
    ("gc_1_standard", "observation", 0.5999, "not_met", True),
    *[
        (metric, None, value, band, action)
        for metric in ("dc_1", "dc_2", "dc_3", "dc_4", "dc_average")
        for value, band, action in (
            (1.0, "meets", False),
            (0.90, "meets", False),
            (0.8999, "approaching", False),
            (0.7001, "approaching", False),
            (0.70, "not_met", True),
            (0.0, "not_met", True),
        )
    ],
    ("unit_failure", None, 0.15, "meets", False),
    ("unit_failure", None, 0.1501, "not_met", True),
    ("route_failure", None, 0.15, "meets", False),
    ("route_failure", None, 0.1501, "not_met", True),
    ("visit_id_failure", None, 0.0, "meets", False),
    ("visit_id_failure", None, 0.01, "not_met", True),
    ("duplicates", None, 0, "none", False),
    ("duplicates", None, 1, "minor", False),
    ("duplicates", None, 99, "minor", False),
    ("duplicates", None, 100, "warning", True),
    ("physical_measurement", None, 0.9001, "meets", False),
    ("physical_measurement", None, 0.90, "not_met", True),
    ("covid_mapping", None, 0.0499, "meets", False),
    ("covid_mapping", None, 0.05, "not_met", True),
    ("lab_components", None, 0.70, "meets", False),
    ("lab_components", None, 0.6999, "below", True),
    ("lab_components", None, 0.0, "missing", True),
    ("recommended_labs", None, 0.70, "meets", False),
    ("recommended_labs", None, 0.6999, "not_met", True),
    ("drug_information", None, 4.99, "good", False),
    ("drug_information", None, 5.0, "fair", False),
    ("drug_information", None, 6.99, "fair", False),
    ("drug_information", None, 7.0, "poor", True),
    ("gc_2", None, 0.0, "information", False),
]


@pytest.mark.parametrize(("metric", "table", "value", "band", "action"), EDGES)
def test_edge(metric: str, table: str | None, value: float, band: str, *, action: bool) -> None:
    judged = get_metric(metric).judge(value, table)
    assert (judged.name, judged.action) == (band, action)


@pytest.mark.parametrize("name", all_bands())
def test_every_list_of_bands_takes_every_value(name: str) -> None:
    assert any(all_bands()[name][-1].holds(value) for value in (0.0, 0.5, 1.0, 1e9))


def test_every_band_with_bounds_has_its_edges_tested() -> None:
    tested = {(all_metrics()[metric].bands, band) for metric, _, _, band, _ in EDGES}
    tested |= {("observation_mapping", band) for m, t, _, band, _ in EDGES if t == "observation"}
    for name, bands in all_bands().items():
        if name not in ("consent", "information"):
            assert {(name, band.name) for band in bands} <= tested


@pytest.mark.parametrize(
    ("numerator", "denominator", "band"),
    [(9, 10, "meets"), (27, 30, "meets"), (899, 1000, "approaching"), (7, 10, "not_met")],
)
def test_an_edge_is_met_exactly_by_a_fraction(numerator: int, denominator: int, band: str) -> None:
    assert build_value(get_metric("dc_1"), numerator, denominator).band == band


@pytest.mark.parametrize(
    ("failed", "value", "band"), [(4, 0.0, "meets"), (5, 0.01, "not_met"), (6, 0.01, "not_met")]
)
def test_visits_are_judged_by_two_decimals(failed: int, value: float, band: str) -> None:
    """0.005 as a float lies a little above, and is rounded up."""
    judged = build_value(get_metric("visit_id_failure"), failed, 1000)
    assert (judged.value, judged.band, judged.concerned) == (value, band, failed)
