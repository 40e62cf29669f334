"""Codes that nobody can look up."""

import numpy as np
import pyarrow as pa

from commonweal.synthetic.dirt.recipe import Change, Chosen, Rates, RowRecipe
from commonweal.synthetic.facts import read_facts

CONCEPT, SOURCE = "procedure_concept_id", "procedure_source_value"
SOURCE_CONCEPT = "procedure_source_concept_id"


def _leave_cpt(chosen: Chosen) -> Change:
    """A code of CPT-4: half of the times unmapped, else with the concept of the code itself."""
    facts = read_facts("cpt_codes.csv")
    codes = np.array([row["code"] for row in facts])
    concepts = np.array([int(row["concept_id"]) for row in facts], dtype=np.int64)
    place = chosen.integers("code", 0, len(facts) - 1)
    concept = concepts[place] * chosen.integers("mapped", 0, 1)
    cells = {
        CONCEPT: pa.array(concept),
        SOURCE_CONCEPT: pa.array(concept),
        SOURCE: pa.array(codes[place], pa.string()),
    }
    return Change(cells, chosen.numbers(CONCEPT) > 0, [SOURCE] * len(chosen))


CPT_LEFTOVER = RowRecipe(
    name="code.cpt_leftover",
    title="A procedure left with its CPT-4 code",
    seen="Vocabulary downloads without CPT-4, whose names need a licence: 485 concepts, no name.",
    rates=Rates(0.02),
    rejects=False,
    tables=("procedure_occurrence",),
    change=_leave_cpt,
)
