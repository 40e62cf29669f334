"""DDL runs on the engine; renames lead from every 5.3 column to a 5.4 one."""

import pytest

from commonweal.engine.duckdb_engine import open_engine
from commonweal.engine.protocol import EngineError
from commonweal.engine.settings import EngineSettings
from commonweal.schema.convert import to_omop_5_4
from commonweal.schema.ddl import SQL_TYPES, build_ddl
from commonweal.schema.model import MODELS, get_model


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("constraints", [False, True])
def test_every_table_can_be_created(model: str, constraints: bool) -> None:
    with open_engine(EngineSettings()) as engine:
        for table in get_model(model).tables.values():
            engine.execute(build_ddl(table, constraints=constraints))
            made = engine.columns(table.name)
            assert made == {field.name: SQL_TYPES[field.type] for field in table.fields}


def test_constraints_refuse_what_the_plain_table_takes() -> None:
    death = get_model("programme").table("death")
    row = "INSERT INTO death (person_id, death_date) VALUES (1, DATE '2020-01-01')"
    with open_engine(EngineSettings()) as engine:
        engine.execute(build_ddl(death))
        engine.execute(row)
        assert engine.value("SELECT count(*) FROM death") == 1
    with open_engine(EngineSettings()) as engine:
        engine.execute(build_ddl(death, constraints=True))
        with pytest.raises(EngineError):
            engine.execute(row)


@pytest.mark.parametrize("dialect", ["programme", "omop-5.3"])
def test_renamed_columns_all_exist_in_5_4(dialect: str) -> None:
    newer = get_model("omop-5.4").tables
    for name, table in get_model(dialect).tables.items():
        if name not in newer:
            continue
        renames = to_omop_5_4(name)
        assert set(renames) <= set(table.columns)
        assert {renames.get(column, column) for column in table.columns} <= set(newer[name].columns)


def test_a_table_that_kept_its_names_is_renamed_in_nothing() -> None:
    assert not to_omop_5_4("measurement")
    assert to_omop_5_4("visit_detail")["visit_detail_parent_id"] == "parent_visit_detail_id"
