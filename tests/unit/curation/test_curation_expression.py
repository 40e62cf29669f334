"""What a rule may say, and that everything else is refused with a reason."""

import pytest

from commonweal.curation.expression import RuleError, Scope, fill_parameters, read_expression
from commonweal.curation.relation import place_tables, read_relation
from commonweal.engine.functions import Type

ROW = {
    "n": Type.INTEGER,
    "x": Type.FLOAT,
    "s": Type.STRING,
    "d": Type.DATE,
    "ts": Type.TIMESTAMP,
    "b": Type.BOOLEAN,
    "_row": Type.INTEGER,
}
SCOPE = Scope("t", {"t": ROW, "person": {"born": Type.DATE}}, {"cutoff": Type.DATE})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("n = 1 AND x < 2.5", Type.BOOLEAN),
        ("d <= $cutoff", Type.BOOLEAN),
        ("CAST(d + to_days(30) AS DATE)", Type.DATE),
        ("ts + to_seconds(86399)", Type.TIMESTAMP),
        ("date_diff('day', d, person.born)", Type.INTEGER),
        ("COALESCE(n, 0) + 1", Type.INTEGER),
        ("GREATEST(d, CAST(ts AS DATE), person.born)", Type.DATE),
        ("CASE WHEN b THEN n ELSE NULL END", Type.INTEGER),
        ("n IN (1, 2) OR s IS NULL", Type.BOOLEAN),
        ("TRY_CAST(s AS BIGINT)", Type.INTEGER),
        ("d BETWEEN DATE '1980-01-01' AND $cutoff", Type.BOOLEAN),
        ("regexp_matches(lower(s), '^a')", Type.BOOLEAN),
        ("s || CAST(n AS VARCHAR)", Type.STRING),
        ("make_date(year(d), 6, 15)", Type.DATE),
        ("b IS TRUE", Type.BOOLEAN),
        ("NULL", Type.NULL),
    ],
)
def test_an_allowed_expression_has_a_type(text: str, expected: Type) -> None:
    assert read_expression("r", text, SCOPE).type is expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("n = '1'", "does not fit"),
        ("n = 1.0", "does not fit"),
        ("d < ts", "does not fit"),
        ("COALESCE(d, ts)", "does not fit"),
        ("CASE WHEN b THEN 1 ELSE 'one' END", "are mixed"),
        ("CASE WHEN n THEN 1 END", "is INTEGER"),
        ("n IN (1, '2')", "are mixed"),
        ("CAST(x AS BIGINT)", "CAST from FLOAT to INTEGER"),
        ("CAST(s AS DATE)", "CAST from STRING to DATE"),
        ("CAST(d AS DECIMAL(5, 2))", "not one of ours"),
        ("DATE '2020-02-30'", "is not a DATE"),
        ("now()", "not an allowed function"),
        ("current_date", "not an allowed function"),
        ("current_timestamp", "not an allowed function"),
        ("random()", "not an allowed function"),
        ("uuid()", "not an allowed function"),
        ("count(*)", "not an allowed function"),
        ("row_number() OVER (ORDER BY _row)", "not an allowed function"),
        ("date_diff('month', d, d)", "unit"),
        ("n IN (SELECT 1)", "without a list"),
        ("missing = 1", "no column 'missing'"),
        ("nobody.born = d", "no relation is called 'nobody'"),
        ("d = $unknown", "no parameter is called 'unknown'"),
        ("n +", "cannot be parsed"),
        ("n; n", "not an allowed function"),
        ("d + 5", "does not fit"),
        ("s LIKE 'a%'", "not an allowed function"),
    ],
)
def test_anything_else_is_refused_and_the_rule_is_named(text: str, said: str) -> None:
    with pytest.raises(RuleError) as caught:
        read_expression("time.example on death", text, SCOPE)
    assert caught.value.found.startswith("time.example on death: ")
    assert said in caught.value.found
    assert text in caught.value.found
    assert caught.value.expected


def test_a_value_of_another_type_than_wanted_is_refused() -> None:
    with pytest.raises(RuleError, match="the value is INTEGER"):
        read_expression("r", "n", SCOPE, wanted=Type.BOOLEAN)


def test_what_is_read_is_known_by_relation() -> None:
    found = read_expression("r", "d > person.born AND n = 1", SCOPE)
    assert found.reads == {("t", "d"), ("t", "n"), ("person", "born")}


def test_a_parameter_cannot_break_out_of_its_literal() -> None:
    assert fill_parameters("s = $x", {"x": "a' OR TRUE --"}) == "s = 'a'' OR TRUE --'"


TABLES = {"visit": {"id": Type.INTEGER, "day": Type.DATE, "_row": Type.INTEGER}}


def relation(text: str) -> dict[str, Type]:
    return dict(read_relation("r", text, TABLES, {}).columns)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("SELECT DISTINCT id FROM visit", {"id": Type.INTEGER}),
        (
            "SELECT id, max(day) AS last FROM visit GROUP BY id HAVING count(*) > 1",
            {"id": Type.INTEGER, "last": Type.DATE},
        ),
        ("SELECT id FROM visit UNION ALL SELECT id FROM visit", {"id": Type.INTEGER}),
        (
            "SELECT _row FROM (SELECT _row, row_number() OVER (ORDER BY _row) AS n FROM visit)",
            {"_row": Type.INTEGER},
        ),
        ("SELECT id FROM visit WHERE id IN (SELECT id FROM visit)", {"id": Type.INTEGER}),
    ],
)
def test_an_allowed_relation_has_columns(text: str, columns: dict[str, Type]) -> None:
    assert relation(text) == columns


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT row_number() OVER (ORDER BY day) AS n FROM visit", "without a total order"),
        ("SELECT row_number() OVER () AS n FROM visit", "without a total order"),
        ("SELECT * FROM visit", "not an allowed function"),
        ("SELECT id FROM visit LIMIT 1", "limit"),
        ("SELECT id FROM visit ORDER BY id", "order"),
        ("SELECT a.id FROM visit AS a JOIN visit AS b ON a.id = b.id", "joins"),
        ("SELECT DISTINCT ON (id) id FROM visit", "DISTINCT ON"),
        ("SELECT id FROM visit UNION SELECT id FROM visit", "removes duplicates"),
        ("SELECT id FROM visit UNION ALL SELECT day FROM visit", "differ"),
        ("SELECT id FROM elsewhere", "not a known table"),
        ("SELECT id FROM read_parquet('/etc/passwd')", "not a known table"),
        ("SELECT id + 1 FROM visit", "without a name"),
        ("SELECT first(day) AS d FROM visit", "not an allowed function"),
        ("SELECT id FROM visit WHERE day IN (SELECT id FROM visit)", "another type"),
        ("SELECT max(day) OVER (ORDER BY _row ROWS 1 PRECEDING) AS m FROM visit", "frame"),
        ("DELETE FROM visit", "not a SELECT"),
        ("SELECT 1 AS one", "no FROM"),
        ("SELECT id FROM visit WHERE id", "is INTEGER"),
    ],
)
def test_any_other_relation_is_refused(text: str, said: str) -> None:
    with pytest.raises(RuleError) as caught:
        relation(text)
    assert said in caught.value.found


def test_tables_are_placed_and_columns_stay() -> None:
    text = read_relation("r", "SELECT id FROM visit WHERE id > 1", TABLES, {}).sql
    placed = place_tables(text, {"visit": "_stage_1"})
    assert '"_stage_1"' in placed
    assert '"visit"."id"' in placed
