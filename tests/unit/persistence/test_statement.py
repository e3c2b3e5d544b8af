"""Statements are compiled once, to text with numbered parameters that asyncpg takes as it is."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, bindparam, select

from adapters.persistence.statement import Statement

things = Table("things", MetaData(), Column("id", Integer), Column("state", Text))


def test_literal_lists_are_written_out() -> None:
    statement = Statement(
        select(things.c.id).where(things.c.state.in_(["a", "b"]), things.c.id == bindparam("id", type_=Integer))
    )

    assert "POSTCOMPILE" not in statement.sql
    numbered = dict(enumerate(statement._values({"id": 7}), start=1))
    assert sorted(numbered.values(), key=str) == [7, "a", "b"]
    assert f"id = ${next(n for n, value in numbered.items() if value == 7)}::" in statement.sql


def test_an_unknown_parameter_is_refused() -> None:
    with pytest.raises(TypeError, match="no parameter nmae"):
        Statement(select(things.c.id))._values({"nmae": 1})
