"""Eras join records as the rule says, whatever the records."""

from datetime import date, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from commonweal.synthetic.ehr.eras import join_eras

Record = tuple[int, int, int, int]
DAY = date(2015, 1, 1)


def records() -> st.SearchStrategy[list[Record]]:
    """Patient, concept, start and length in days."""
    one = st.tuples(
        st.integers(0, 2), st.sampled_from([7, 3, 9]), st.integers(0, 200), st.integers(0, 60)
    )
    return st.lists(one, max_size=25).map(lambda rows: sorted(rows, key=lambda r: (r[0], r[2])))


def eras_by_hand(rows: list[Record]) -> list[tuple[int, int, date, date, int, int]]:
    """One record after the other, as a person would do it."""
    eras: list[tuple[int, int, date, date, int, int]] = []
    for patient, concept in sorted({(p, c) for p, c, _, _ in rows}):
        open_era: list | None = None
        for _, _, start, length in [r for r in rows if r[:2] == (patient, concept)]:
            first = DAY + timedelta(days=start)
            last = first + timedelta(days=length)
            if open_era and first <= open_era[1] + timedelta(days=30):
                open_era[3] += max((first - open_era[1]).days - 1, 0)
                open_era[1] = max(open_era[1], last)
                open_era[2] += 1
            else:
                if open_era:
                    eras.append((patient, concept, *open_era))
                open_era = [first, last, 1, 0]
        if open_era:
            eras.append((patient, concept, *open_era))
    return eras


@given(records())
def test_eras_are_those_one_would_find_by_hand(rows: list[Record]) -> None:
    patient, concept, start, length = (
        np.array([row[at] for row in rows], dtype=np.int64) for at in range(4)
    )
    first = np.datetime64(DAY, "D") + start.astype("timedelta64[D]")
    eras = join_eras(patient, concept, first, first + length.astype("timedelta64[D]"))
    found = zip(
        eras.patient.tolist(),
        eras.concept.tolist(),
        eras.start.tolist(),
        eras.end.tolist(),
        eras.records.tolist(),
        eras.gap_days.tolist(),
        strict=True,
    )
    assert list(found) == eras_by_hand(rows)


def test_thirty_days_join_and_thirty_one_do_not() -> None:
    start = np.array(["2015-01-01", "2015-02-09", "2015-03-22"], dtype="datetime64[D]")
    end = start + np.timedelta64(9, "D")
    same = np.zeros(3, dtype=np.int64)
    eras = join_eras(same, same, start, end)
    assert eras.records.tolist() == [2, 1]
    assert eras.gap_days.tolist() == [29, 0]
