"""Random rule packs, random words: `decide` gives what the plain reference gives."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from guard.model import Mask, MaxRows, MinimumGroup, RowFilter
from guard.policy.obligations import canonical
from tests.policy.scripted import decided, facts, says
from tests.spec import decide_spec as spec

RULES = ("a.one", "b.two", "c.three", "d.four")
COLUMNS = {"0": ["public.residents.phone", "public.residents.tel"], "1": ["public.residents.sfzh"]}

allows = st.tuples(st.sampled_from(RULES), st.sampled_from(["allow"]), st.just({"message": "yes"}))
denies = st.tuples(st.sampled_from(RULES), st.just("deny"), st.just({"message": "no"}))
masks = st.tuples(
    st.sampled_from(RULES),
    st.just("mask"),
    st.fixed_dictionaries(
        {
            "label_set": st.sampled_from(["0", "1"]),
            "transform": st.sampled_from(["null", "partial", "redact"]),
            "params": st.sampled_from([{}, {"first": 1}, {"first": 2}]),
            "strength": st.integers(0, 2),
        }
    ),
)
filters = st.tuples(
    st.sampled_from(RULES),
    st.just("row_filter"),
    st.sampled_from(["x", "y"]).map(
        lambda value: {"table": "public.residents", "predicate": {"op": "in", "column": "district", "values": [value]}}
    ),
)
limits = st.tuples(
    st.sampled_from(RULES),
    st.just("limit"),
    st.one_of(
        st.integers(1, 9).map(lambda size: {"type": "minimum_group", "size": size}),
        st.integers(0, 9).map(lambda rows: {"type": "max_rows", "rows": rows}),
    ),
)
broken = st.tuples(
    st.sampled_from(RULES), st.sampled_from(["allow", "deny", "mask", "row_filter", "limit"]), st.just({"wrong": 1})
)
words = st.lists(st.one_of(allows, allows, masks, filters, limits), max_size=10)
objections = st.lists(st.one_of(denies, broken), max_size=1)
modes_of = st.fixed_dictionaries({rule: st.sampled_from(["enforce", "enforce", "monitor"]) for rule in RULES})


@given(said=words, against=objections, modes=modes_of, unknown=st.booleans())
def test_decide_is_the_reference(said: list[Any], against: list[Any], modes: dict[str, str], unknown: bool) -> None:
    """Outcome and obligations are those of `tests/spec/decide_spec.py`."""
    said = said + against
    good = [(rule, name, item) for rule, name, item in said if "wrong" not in item]
    errs = {rule for rule, _, item in said if "wrong" in item}
    columns = ["phone", "tel", "sfzh", *(["unclassified"] if unknown else [])]
    decision = decided(says(said, modes), facts(*columns))

    assert decision.outcome == spec.outcome(good, modes, errs, int(unknown))
    if decision.outcome == "deny":
        assert decision.obligations == ()
        return
    found = decision.obligations
    assert {
        f"{one.table}.{one.column}": (one.transform, one.rule) for one in found if isinstance(one, Mask)
    } == spec.masks(good, modes, COLUMNS)
    assert {
        (str(one.table), canonical(one.predicate).decode(), one.rule) for one in found if isinstance(one, RowFilter)
    } == spec.row_filters(good, modes)
    groups = [one.size for one in found if isinstance(one, MinimumGroup)]
    rows = [one.rows for one in found if isinstance(one, MaxRows)]
    assert (groups, rows) == tuple([one] if one is not None else [] for one in spec.limits(good, modes))


@given(said=words, against=objections, modes=modes_of, order=st.randoms(use_true_random=False))
def test_the_order_of_the_rules_words_does_not_matter(
    said: list[Any], against: list[Any], modes: dict[str, str], order: Any
) -> None:
    """Same words, same decision: engines may list a set as they like."""
    said = said + against
    shuffled = list(said)
    order.shuffle(shuffled)
    query = facts("phone", "tel", "sfzh")
    assert decided(says(said, modes), query) == decided(says(shuffled, modes), query)


@given(said=words, modes=modes_of, more=st.one_of(denies, broken))
def test_a_deny_or_an_error_never_widens_access(said: list[Any], modes: dict[str, str], more: Any) -> None:
    """What was denied stays denied when a rule objects or fails."""
    query = facts("phone")
    if decided(says(said, modes), query).outcome == "deny":
        assert decided(says([*said, more], modes), query).outcome == "deny"
