"""A researcher finds the planted association in what researchers are given: surveys and records."""

import duckdb
import pytest
from tests.synthetic_studies import Estimate, mantel_haenszel

from commonweal.synthetic.assembly import make_programme
from commonweal.synthetic.output.writing import Part
from commonweal.synthetic.people.diseases import COPD, COPD_ODDS_RATIO_OF_SMOKERS
from commonweal.synthetic.plan import build_plan

PERSONS = 24_000
STUDY = """
SELECT bool_or(answer_code = '100CigsLifetime_Yes') AS smoked,
       coalesce(bool_or(c.person_id IS NOT NULL), false) AS ill,
       any_value(gender_concept_id) * 100 + (2026 - any_value(year_of_birth)) // 5 AS stratum
FROM read_parquet('{made}/omop/person.parquet') p
JOIN read_parquet('{made}/feeds/*/survey_response.parquet') s ON s.participant_id = p.person_id
LEFT JOIN read_parquet('{made}/omop/condition_occurrence.parquet') c
  ON c.person_id = p.person_id AND c.condition_concept_id = {copd}
WHERE question_code = 'Smoking_100CigsLifetime' AND answer_code LIKE '100CigsLifetime%'
GROUP BY p.person_id
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Estimate:
    """Over sites that could not map every code, and surveys that not everybody answered."""
    made = tmp_path_factory.mktemp("study") / "made"
    make_programme(build_plan(persons=PERSONS), made, parts={Part.OMOP, Part.FEEDS})
    study = duckdb.sql(STUDY.format(made=made, copd=COPD)).fetchnumpy()
    return mantel_haenszel(
        "smoking → COPD",
        COPD_ODDS_RATIO_OF_SMOKERS,
        study["smoked"].astype(bool),
        study["ill"].astype(bool),
        study["stratum"],
    )


def test_smokers_have_more_lung_disease_by_the_planted_ratio(found: Estimate) -> None:
    assert found.low <= COPD_ODDS_RATIO_OF_SMOKERS <= found.high
    assert found.low > 1.5
