"""The Arrow form of a transform as a function of an engine in this process."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from guard.anonymize import registry
from guard.anonymize.column_function import column_function, name_of
from guard.anonymize.columns import FEW
from guard.anonymize.mask_sql import Masks
from guard.anonymize.transforms import partial
from guard.errors import TransformError
from guard.model import ColumnFunction, EnforcedQuery, Mask, TableName
from guard.sources.open import open_source
from guard.sources.source import Limits
from guard.sql.masking import Parameters
from tests.anonymize.cases import COLUMNS, KEYRING, TRANSFORMS, arrow, params, read

PURPOSE = "research"
ON_TEXT = [
    pytest.param(case, name, id=f"{number}-{case['transform']}-{name}")
    for number, case in enumerate(TRANSFORMS)
    for name in case["columns"]
    if {"TEXT", "VARCHAR"} & set(COLUMNS[name]["types"].get("duckdb", ()))
]


@pytest.mark.parametrize(("case", "name"), ON_TEXT)
def test_duckdb_calls_what_apply_gives(case: dict[str, Any], name: str) -> None:
    """A mask that DuckDB calls by name gives the values that `apply` gives, beside the built-ins and nowhere else."""
    values = arrow(COLUMNS[name])
    source = open_source({"t": pa.table({"i": range(len(values)), "c": values})})
    masks = Masks(KEYRING, read=read).for_purpose(PURPOSE, provide=source.provide)
    mask = Mask(TableName("t"), "c", case["transform"], case.get("params") or {}, rule="r")
    bound = Parameters()
    call = masks(mask, exp.column("c"), column_type="VARCHAR", dialect="duckdb", parameters=bound)
    assert isinstance(call, exp.Anonymous)
    assert bound.values() == {}
    sql = f"SELECT system.main.{call.name}(c) AS m FROM t ORDER BY i"
    found = source.run(EnforcedQuery(sql=sql, dialect="duckdb"), limits=Limits()).column("m").to_pylist()
    source.close()
    given_ = params(case["transform"], case.get("params"))
    assert found == registry.find(case["transform"]).apply(values, given_, KEYRING.bind(PURPOSE)).to_pylist()


def test_a_mask_without_an_sql_form_is_not_called_either() -> None:
    """What is denied where SQL is handed out is denied where guard runs it, and nothing is provided."""
    provided: list[str] = []

    def provide(name: str, function: ColumnFunction) -> bool:
        provided.append(name)
        return True

    masks = Masks(KEYRING).for_purpose(PURPOSE, provide=provide)
    with pytest.raises(TransformError):
        masks(
            Mask(TableName("t"), "c", "round", {"width": 10}, rule="r"),
            exp.column("c"),
            column_type="VARCHAR",
            dialect="duckdb",
            parameters=Parameters(),
        )
    assert provided == []


def test_a_full_source_gets_plain_sql() -> None:
    """Where no more functions are taken, the mask is said in SQL."""
    masks = Masks(KEYRING).for_purpose(PURPOSE, provide=lambda name, function: False)
    mask = Mask(TableName("t"), "c", "partial", {"first": 1}, rule="r")
    said = masks(mask, exp.column("c"), column_type="VARCHAR", dialect="duckdb", parameters=Parameters())
    assert isinstance(said, exp.Cast)


class _Picky:
    """A transform that refuses a value."""

    @staticmethod
    def apply(values: pa.ChunkedArray, params: Any, keys: Any) -> pa.Array:
        texts = values.to_pylist()
        if "bad" in texts:
            raise TransformError("refused")
        return pa.array(["*" for _ in texts])


def test_a_refused_value_is_null_and_its_neighbours_do_not_notice() -> None:
    """An engine that saw an error would tell by it of rows that nobody may see."""
    function = column_function(_Picky, None, None)  # type: ignore[arg-type]
    assert function(pa.chunked_array([["a", "bad", "b"]])).to_pylist() == ["*", None, "*"]


def test_a_name_tells_parameters_purposes_and_key_versions_apart() -> None:
    """Two masks share a function only where they are the same mask."""
    keys = [KEYRING.bind("a"), KEYRING.bind("b"), KEYRING.rotated(KEYRING.derive("x", "y")).bind("a"), None]
    names = {name_of("partial", given_, key) for given_ in ({}, {"first": 1}, {"first": 2}) for key in keys}
    assert len(names) == 12
    assert name_of("partial", {"first": 1, "last": 2}, None) == name_of("partial", {"last": 2, "first": 1}, None)


@settings(deadline=None, max_examples=200)
@given(
    st.lists(st.one_of(st.none(), st.text(max_size=12)), max_size=FEW),
    st.integers(0, 4),
    st.integers(0, 4),
    st.integers(1, 3),
)
def test_a_few_texts_are_masked_as_many_are(texts: list[str | None], first: int, last: int, least: int) -> None:
    """The short way for a few values and the kernels for many agree."""
    wanted = partial.Params(first=first, last=last, least=least)
    few = partial.apply(pa.array(texts, pa.string()), wanted, None)
    many = partial.apply(pa.array(texts + ["x"] * (FEW + 1), pa.string()), wanted, None)
    assert few.to_pylist() == many.to_pylist()[: len(texts)]
