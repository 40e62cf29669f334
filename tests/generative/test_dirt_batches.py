"""Whatever the batches and the recipes: the same bytes, and a truth that is the whole truth."""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dirty_site import (
    JSON_LINES,
    CleanSite,
    csv_bytes,
    encode_site,
    json_bytes,
    make_clean_site,
    mask_site,
    select_sent,
    text_rows,
)

from commonweal.synthetic.dirt.fault import Fault
from commonweal.synthetic.dirt.mixture import Mixture
from commonweal.synthetic.dirt.recipe import (
    FileRecipe,
    HeaderRecipe,
    PeopleRecipe,
    Rates,
    RowRecipe,
)
from commonweal.synthetic.dirt.registry import RECIPES
from commonweal.synthetic.dirt.text import find_ends
from commonweal.synthetic.plan import build_plan

SIZES = st.lists(st.integers(1, 150), min_size=1, max_size=4)
RECIPE = st.sampled_from(sorted(RECIPES))
RATE = st.sampled_from([0.01, 0.05, 0.18])
MIXTURES = st.dictionaries(RECIPE, RATE.map(Rates), min_size=1, max_size=5)
ADDS = {recipe.name for recipe in RECIPES.values() if isinstance(recipe, RowRecipe) and recipe.adds}
WHOLE_FILE = {r.name for r in RECIPES.values() if isinstance(r, FileRecipe | HeaderRecipe)}
BRINGS_PEOPLE = {r.name for r in RECIPES.values() if isinstance(r, PeopleRecipe)}


@cache
def site_of(*, alpha: bool) -> CleanSite:
    """Few patients; of the longest tables no more than are worth their while."""
    site = make_clean_site(persons=60, seed=9)
    tables = {name: rows.slice(0, 120) for name, rows in site.tables.items()}
    whole = CleanSite(site.plan, site.people, tables)
    return mask_site(whole) if alpha else whole


def write(
    site: CleanSite, mixture: Mixture, batch: Sequence[int] = ()
) -> tuple[dict[str, bytes], set[Fault]]:
    dirt = site.build_dirt(mixture)
    files, truth = encode_site(select_sent(site, dirt), dirt, site.people, batch=batch)
    assert len(set(truth)) == len(truth)
    return files, set(truth)


def write_clean(site: CleanSite, mixture: Mixture) -> dict[str, bytes]:
    """The same people and no dirt."""
    tables = select_sent(site, site.build_dirt(mixture))
    return encode_site(tables, site.build_dirt({}), site.people)[0]


@settings(max_examples=100, deadline=None)
@given(mixture=MIXTURES, batch=SIZES, alpha=st.booleans())
def test_batches_change_no_byte_and_no_fault(
    mixture: Mixture, batch: list[int], alpha: bool
) -> None:
    site = site_of(alpha=alpha)
    assert write(site, mixture, batch) == write(site, mixture)


@settings(max_examples=100, deadline=None)
@given(mixture=MIXTURES, alpha=st.booleans())
def test_every_line_that_differs_is_in_the_truth_and_no_other(
    mixture: Mixture, alpha: bool
) -> None:
    site = site_of(alpha=alpha)
    dirty, truth = write(site, mixture)
    clean = write_clean(site, mixture)
    assert dirty.keys() == clean.keys()
    assert {fault.file for fault in truth} <= clean.keys()
    for file, content in clean.items():
        check_file(content, dirty[file], [fault for fault in truth if fault.file == file])


def check_file(clean: bytes, dirty: bytes, faults: Sequence[Fault]) -> None:
    """Take out the lines that were added; the others differ where the truth says."""
    by_line: Mapping[int | None, list[Fault]] = group(faults)
    assert all(len(found) == 1 for line, found in by_line.items() if line != 1)
    if None in by_line:
        assert (dirty, len(faults)) == (b"", 1)
        return
    missing = [fault for fault in faults if fault.recipe == "header.missing_column"]
    if missing:
        assert {fault.recipe for fault in faults} <= {"header.missing_column", *BRINGS_PEOPLE}
        assert read(dirty) == without_column(read(clean), missing[0].column)
        return
    lines, kept = split(dirty), {}
    for number, line in enumerate(lines, start=1):
        (fault,) = by_line.get(number, [None])[:1]
        if fault is not None and fault.recipe in ADDS:
            check_added(lines[number - 2], line, fault)
        else:
            kept[number] = line
    models = split(clean)
    assert len(kept) == len(models)
    for model, (number, line) in zip(models, kept.items(), strict=True):
        found = [f for f in by_line.get(number, []) if f.recipe not in BRINGS_PEOPLE]
        assert (line != model) == bool(found)
        if found and file_is_csv(found[0]):
            check_cells(models[0], model, line, found)


def check_added(model: bytes, line: bytes, fault: Fault) -> None:
    """The whole row again, or its key for something else."""
    assert (line == model) == (fault.recipe == "key.duplicate")
    if file_is_csv(fault):
        assert read(line)[0][0] == read(model)[0][0]


def check_cells(header: bytes, clean: bytes, dirty: bytes, faults: Sequence[Fault]) -> None:
    """The column of the truth is among those that differ."""
    names, (before,) = read(header)[0], read(clean)
    (after,) = read(dirty)
    if faults[0].recipe == "structure.wrong_length":
        assert abs(len(after) - len(before)) == 1
        return
    differing = {
        name for name, one, other in zip(names, before, after, strict=True) if one != other
    }
    assert {fault.column for fault in faults} <= differing
    if faults[0].recipe in WHOLE_FILE:
        assert {fault.column for fault in faults} == differing


def group(faults: Sequence[Fault]) -> Mapping[int | None, list[Fault]]:
    by_line = defaultdict(list)
    for fault in faults:
        by_line[fault.line].append(fault)
    return dict(by_line)


def split(text: bytes) -> list[bytes]:
    ends = find_ends(text).tolist()
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def read(text: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.decode("utf-8", errors="replace"), newline="")))


def without_column(rows: list[list[str]], column: str) -> list[list[str]]:
    place = rows[0].index(column)
    return [row[:place] + row[place + 1 :] for row in rows]


def file_is_csv(fault: Fault) -> bool:
    return fault.file.endswith(".csv")


@pytest.mark.parametrize("alpha", [False, True])
def test_without_a_recipe_the_files_are_what_a_plain_writer_writes(alpha: bool) -> None:
    site = site_of(alpha=alpha)
    files, truth = write(site, {}, batch=[50])
    assert truth == set()
    for name, rows in select_sent(site, site.build_dirt({})).items():
        if name in JSON_LINES:
            assert files[f"{name}.jsonl"] == json_bytes(rows)
        else:
            assert files[f"{name}.csv"] == csv_bytes([rows.schema.names, *text_rows(rows)])


def test_another_seed_has_other_faults() -> None:
    site = site_of(alpha=False)
    plan = build_plan(persons=2, sites=2, seed=site.plan.seed + 1)
    other = CleanSite(plan, site.people, site.tables)
    mixture = {"time.future": Rates(0.05)}
    one, another = write(site, mixture)[1], write(other, mixture)[1]
    assert len(one & another) < len(one) / 2
