"""The keyed transforms as plans use them: back and forth, rotation, tampering, grants, and no form in databases."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from guard.anonymize import registry
from guard.anonymize.apply import apply as apply_plan
from guard.anonymize.grant import ReidentificationGrant
from guard.anonymize.keys import Keyring
from guard.anonymize.plan import Plan
from guard.anonymize.transforms import fake_name, ff1, ff1_integer, ff1_resident_id, gcm, pseudonym_cmac, siv
from guard.errors import AccessDeniedError, KeyUnavailableError, PlanError, TransformError
from guard.model import Sensitive
from guard.sql.masking import Parameters
from tests.anonymize.cases import KEYRING, params
from tests.anonymize.identifiers import resident_ids, texts

KEYS = KEYRING.bind("research")
REVERSIBLE: dict[str, list[str]] = {
    "ff1": ["20240001", "000000", "20240002"],
    "ff1_integer": ["0", "2147483647", "31"],
    "ff1_resident_id": texts(resident_ids(pa.array([31_000_123, 5, 40_000_999]).to_numpy())),
    "ff1_bank_card": ["6222021234567894", "4111111111111111", "378282246310005"],
    "ff1_mobile": ["13812341234", "19900000000", "13000000001"],
    "siv": ["张三", "", "a\0b", "x" * 100],
    "gcm": ["张三", "", "a\0b", "x" * 100],
}
KEYED = (*REVERSIBLE, "pseudonym_cmac", "fake_name", "fake_company", "fake_address", "fake_email")


def _grant(transform: str, **changes: Any) -> ReidentificationGrant:
    given_ = {"decision_id": "d-1", "subject": "dpo", "purpose": "audit", "key_purpose": "research"}
    return ReidentificationGrant(**{**given_, "transform": transform, "limit": 100, **changes})


@pytest.mark.parametrize("name", REVERSIBLE)
@pytest.mark.parametrize("cipher", ["aes", "sm4"])
def test_the_key_holder_gets_values_back(name: str, cipher: str) -> None:
    """With a grant, apply and invert give the column again: chunks, slices, dictionaries, nulls and all."""
    module: Any = registry.find(name)
    chosen = params(name, {"cipher": cipher} if hasattr(module.Params(), "cipher") else None)
    values = [None, *REVERSIBLE[name], REVERSIBLE[name][0], None]
    for column in (
        pa.array(values),
        pa.array(["y", *values])[1:],
        pa.chunked_array([values[:2], values[2:]]),
        pa.array(values, pa.large_string()),
        pa.array(values).dictionary_encode(),
        pa.array([None, None], pa.string()),
        pa.array([], pa.string()),
    ):
        made = module.apply(column, chosen, KEYS)
        assert (len(made), made.type, made.null_count) == (len(column), column.type, column.null_count)
        assert not set(made.cast(pa.string()).to_pylist()) & set(REVERSIBLE[name])
        assert module.invert(made, chosen, KEYS, _grant(name)).to_pylist() == column.to_pylist()


@pytest.mark.parametrize("name", REVERSIBLE)
def test_nothing_comes_back_without_a_grant(name: str) -> None:
    """No grant, one for another transform, purpose or fewer values: denied, and grants cannot be empty."""
    module: Any = registry.find(name)
    made = module.apply(pa.array(REVERSIBLE[name]), module.Params(), KEYS)
    fewer = len(REVERSIBLE[name]) - 1
    for grant in (
        None,
        True,
        "d-1",
        _grant("other"),
        _grant(name, key_purpose="marketing"),
        _grant(name, limit=fewer),
    ):
        with pytest.raises(AccessDeniedError, match="grant of re-identification"):
            module.invert(made, module.Params(), KEYS, grant)
    for changes in ({"decision_id": ""}, {"subject": ""}, {"purpose": ""}, {"limit": 0}):
        with pytest.raises(AccessDeniedError):
            _grant(name, **changes)


@pytest.mark.parametrize("name", KEYED)
def test_purposes_domains_versions_and_ciphers_are_unlinkable(name: str) -> None:
    """No result of one purpose, domain, version or cipher is that of another; the same ones repeat."""
    module: Any = registry.find(name)
    values = pa.array(REVERSIBLE.get(name, ["张三", "李四", "王五"]))
    kinds = [{}, {"domain": "doctor"}, {"version": 1}]
    kinds += [{"cipher": "sm4"}] if hasattr(module.Params(), "cipher") else []
    made = [module.apply(values, module.Params(**kind), KEYS).to_pylist() for kind in kinds]
    made.append(module.apply(values, module.Params(), KEYRING.bind("marketing")).to_pylist())
    assert len({tuple(column) for column in made}) == len(made)
    assert not set.intersection(*(set(column) for column in made))
    again = module.apply(values, module.Params(), KEYS).to_pylist()
    assert (again == made[0]) == (name != "gcm")


@pytest.mark.parametrize("name", KEYED)
def test_keys_are_needed_and_databases_have_no_form(name: str) -> None:
    """No key, an unknown version, a number column and SQL: each an error with a cure."""
    module: Any = registry.find(name)
    values = pa.array(REVERSIBLE.get(name, ["张三"]))
    with pytest.raises(KeyUnavailableError, match="needs a key"):
        module.apply(values, module.Params(), None)
    with pytest.raises(KeyUnavailableError, match="version `7` is not in the keyring"):
        module.apply(values, module.Params(version=7), KEYS)
    with pytest.raises(TransformError, match="has no form for the type `double`") as caught:
        module.apply(pa.array([1.5, 2.0]), module.Params(), KEYS)
    assert caught.value.help
    for dialect in ("postgres", "duckdb", "sqlite"):
        with pytest.raises(TransformError, match="no form in SQL"):
            module.sql(
                exp.column("c"),
                module.Params(),
                column_type="TEXT",
                dialect=dialect,
                parameters=Parameters(),
                keys=KEYS,
            )
    for wrong in ({"version": 0}, {"domain": "x" * 300}, {"purpose": "x" * 300}, {"nonsense": 1}):
        with pytest.raises(PlanError):
            params(name, wrong)


@pytest.mark.parametrize("type_", [pa.int32(), pa.int64(), pa.uint32(), pa.dictionary(pa.int8(), pa.int64())], ids=str)
def test_keys_that_are_numbers_keep_their_type_and_join(type_: pa.DataType) -> None:
    """Unique keys stay unique in the type of their column, and are what the texts that spell them become."""
    keys = pa.array([*range(100), None, 2**31 - 1], pa.int64())
    column = keys.dictionary_encode().cast(type_) if pa.types.is_dictionary(type_) else keys.cast(type_)
    made = ff1_integer.apply(column, ff1_integer.Params(), KEYS)
    plain = made.cast(pa.int64())
    assert (made.type, made.null_count, len(set(plain.to_pylist()))) == (type_, 1, 102)
    assert pc.max(plain).as_py() < 2**31
    assert ff1_integer.apply(keys.cast(pa.string()), ff1_integer.Params(), KEYS) == plain.cast(pa.string())
    assert ff1_integer.invert(made, ff1_integer.Params(), KEYS, _grant("ff1_integer", limit=200)) == column


def test_numbers_outside_the_domain_are_refused() -> None:
    """Below zero, from the bound on, and a type with no room for the domain; a domain below the floor is no plan."""
    for values in ([-1], [2**31], [2**63 - 1]):
        with pytest.raises(TransformError, match="is no whole number below `below`"):
            ff1_integer.apply(pa.array(values), ff1_integer.Params(), KEYS)
        made = ff1_integer.apply(pa.array(values), ff1_integer.Params(others="null"), KEYS)
        assert made.to_pylist() == [None]
    with pytest.raises(TransformError, match="type `int16` does not hold every number below 2147483648"):
        ff1_integer.apply(pa.array([1], pa.int16()), ff1_integer.Params(), KEYS)
    for below in (10**6 - 1, 2**56 + 1):
        with pytest.raises(PlanError):
            params("ff1_integer", {"below": below})
    for below in (10**6, 2**56):
        values = pa.array([0, below - 1])
        chosen = ff1_integer.Params(below=below)
        made = ff1_integer.apply(values, chosen, KEYS)
        assert ff1_integer.invert(made, chosen, KEYS, _grant("ff1_integer")) == values


@pytest.mark.parametrize("name", ["ff1", "ff1_integer", "ff1_resident_id", "ff1_bank_card", "ff1_mobile"])
def test_what_does_not_fit_is_refused_or_null(name: str) -> None:
    """One value outside the domain stops the column, or is null where the plan says so; the others are as ever."""
    module: Any = registry.find(name)
    values = [*REVERSIBLE[name], "not that", "", "12345", "张三", "1" * 18, "1" * 11 + "\n"]
    good = module.apply(pa.array(REVERSIBLE[name]), module.Params(), KEYS).to_pylist()
    with pytest.raises(TransformError) as caught:
        module.apply(pa.array(values), module.Params(), KEYS)
    assert not [value for value in values if value and value in caught.value.diagnostics() and value != "12345"]
    made = module.apply(pa.array(values), module.Params(others="null"), KEYS).to_pylist()
    fits = 1 if name in {"ff1", "ff1_integer"} else 0  # eighteen ones are digits, and 12345 is a number
    assert made[: len(good)] == good
    assert sum(one is not None for one in made[len(good) :]) == fits


TOKENS = [("siv", siv, "s"), ("gcm", gcm, "e")]


@pytest.mark.parametrize(("name", "module", "letter"), TOKENS)
def test_tokens_are_versioned_and_authentic(name: str, module: Any, letter: str) -> None:
    """The version is in the token; every change, cut, exchange of version or foreign token is a clear error."""
    column = module.apply(pa.array(["value-42"]), module.Params(), KEYS)
    token = column.to_pylist()[0]
    assert re.fullmatch(rf"g2{letter}_[A-Za-z0-9_-]+", token)
    changed = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(4, len(token))]
    cut = [token[:size] for size in range(len(token))]
    moved = [
        token.replace("g2", "g1", 1),
        token + "A",
        token + "=",
        token.replace(f"{letter}_", "_"),
        "x" + token,
        "",
        "张",
    ]
    for wrong in (*changed, *cut, *moved):
        with pytest.raises(TransformError, match=r"a token does not open|is not a token of the form") as caught:
            module.invert(pa.array([wrong]), module.Params(), KEYS, _grant(name))
        assert token[4:12] not in caught.value.diagnostics()
    with pytest.raises(KeyUnavailableError, match="version `9`"):
        module.invert(pa.array([token.replace("g2", "g9", 1)]), module.Params(), KEYS, _grant(name))
    with pytest.raises(TransformError, match="is not authentic"):
        module.invert(column, module.Params(domain="other"), KEYS, _grant(name))
    other = KEYRING.bind("marketing")
    with pytest.raises(TransformError, match="is not authentic"):
        module.invert(column, module.Params(), other, _grant(name, key_purpose="marketing"))


@pytest.mark.parametrize(("name", "module", "letter"), TOKENS)
def test_rewrap_moves_all_versions_to_the_current_one(name: str, module: Any, letter: str) -> None:
    """A column of two versions becomes one of the newest, with the same values; a torn token stops it."""
    ring = Keyring({number: Sensitive(bytes([number]) * 32) for number in (1, 9, 10)})
    keys = ring.bind("research")
    values = ["张三", None, "x", "13812341234", "yy", "", "xyz", "xyz", "xy"]
    old = [
        module.apply(pa.array([value]), module.Params(version=version), keys).to_pylist()[0]
        for value, version in zip(values, (1, 1, 9, 10, 9, 10, 1, 10, 10), strict=True)
    ]
    new = module.rewrap(pa.array(old), module.Params(), keys)
    assert {token[:5] for token in new.to_pylist() if token} == {f"g10{letter}_"}
    assert module.invert(new, module.Params(), keys, _grant(name)).to_pylist() == values
    with pytest.raises(TransformError):
        module.rewrap(pa.array([old[0][:-1]]), module.Params(), keys)


def test_rewrap_of_ff1_names_the_old_version() -> None:
    """FF1 has no room for a version, so the old one must be named; the result is what a fresh column would be."""
    old = ff1.apply(pa.array(["20240001", None]), ff1.Params(version=1), KEYS)
    fresh = ff1.apply(pa.array(["20240001", None]), ff1.Params(version=2), KEYS)
    assert ff1.rewrap(old, ff1.Params(version=1), KEYS, version=2) == fresh
    with pytest.raises(PlanError, match="needs the `version`"):
        ff1.rewrap(old, ff1.Params(), KEYS, version=2)


@settings(max_examples=40, deadline=None)
@given(values=st.lists(st.none() | st.text(st.characters(codec="utf-8"), max_size=50), max_size=15))
def test_any_text_is_sealed_and_opened(values: list[str | None]) -> None:
    """SIV and GCM take any text; SIV is equal exactly where the texts are, GCM never."""
    column = pa.array(values, pa.string())
    for module in (siv, gcm):
        name = module.__name__.rpartition(".")[2]
        made = module.apply(column, module.Params(), KEYS)
        assert module.invert(made, module.Params(), KEYS, _grant(name)).to_pylist() == values
        present = [token for token in made.to_pylist() if token is not None]
        known = [value for value in values if value is not None]
        assert len(set(present)) == (len(set(known)) if module is siv else len(known))
    tokens = pseudonym_cmac.apply(column, pseudonym_cmac.Params(), KEYS).to_pylist()
    listed = pseudonym_cmac.tokens(pseudonym_cmac.Params(), KEYS).of_list(
        [value for value in values if value is not None]
    )
    assert [token for token in tokens if token is not None] == listed
    assert all(re.fullmatch(r"g2c_[0-9a-f]{24}", token) for token in listed)


def test_an_index_makes_fakes_unique(tmp_path: Any) -> None:
    """With the file of a key column no two fakes meet, appended lines change nothing, and strangers are refused."""
    values = [f"id-{number}" for number in range(3000)]
    (tmp_path / "keys.txt").write_text("\n".join(values) + "\n", "utf-8")
    (tmp_path / "plan.yaml").write_text(
        "version: 1\npurpose: research\nfields:\n  name: {transform: fake_name, index: keys.txt}\n", "utf-8"
    )
    plan = Plan.load(tmp_path / "plan.yaml")
    made = apply_plan(pa.table({"name": values}), plan, KEYRING).column("name").to_pylist()
    assert len(set(made)) == len(values)
    with pytest.raises(TransformError, match="not in the index"):
        apply_plan(pa.table({"name": ["stranger"]}), plan, KEYRING)
    (tmp_path / "keys.txt").write_text("\n".join([*values, "new"]) + "\n", "utf-8")
    longer = apply_plan(pa.table({"name": [*values[:5], "new"]}), Plan.load(tmp_path / "plan.yaml"), KEYRING)
    assert longer.column("name").to_pylist()[:5] == made[:5]
    for content in ("a\nb\na\n", "", "\n\n"):
        (tmp_path / "keys.txt").write_text(content, "utf-8")
        with pytest.raises(PlanError, match="the index of a key column"):
            apply_plan(pa.table({"name": ["a"]}), Plan.load(tmp_path / "plan.yaml"), KEYRING)


def test_names_have_their_script() -> None:
    """Chinese by default, English where asked, each in its letters."""
    zh, en = (
        fake_name.apply(pa.array(["a"]), fake_name.Params(script=script), KEYS)[0].as_py() for script in ("zh", "en")
    )
    assert re.fullmatch(r"[\u4e00-\u9fff]{3,4}", zh)
    assert re.fullmatch(r"[A-Z][a-z]+ [A-Z]\. [A-Za-z]+", en)


def test_the_region_is_kept_and_the_person_is_not() -> None:
    """A resident ID keeps its first six digits and no more on purpose."""
    values = REVERSIBLE["ff1_resident_id"]
    made = ff1_resident_id.apply(pa.array(values), ff1_resident_id.Params(), KEYS).to_pylist()
    assert [one[:6] for one in made] == [value[:6] for value in values]
    assert all(one[6:14] != value[6:14] for one, value in zip(made, values, strict=True))
