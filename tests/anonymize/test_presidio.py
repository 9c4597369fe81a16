"""guard's transforms inside the real presidio-anonymizer."""

from __future__ import annotations

from typing import Any

import pytest
from presidio_anonymizer import AnonymizerEngine, DeanonymizeEngine, OperatorConfig
from presidio_anonymizer.entities import InvalidParamError, OperatorResult, RecognizerResult

from guard.anonymize import registry
from guard.anonymize.apply import apply
from guard.anonymize.grant import ReidentificationGrant
from guard.anonymize.plan import Plan
from guard.anonymize.presidio import deanonymizer, operators
from guard.errors import AccessDeniedError, KeyUnavailableError, UsageError
from tests.anonymize.cases import KEYRING

TEXT = "Zhang called 13812341234 from zhang@example.cn, card 6222021234567894"
FOUND = [
    RecognizerResult("PHONE", 13, 24, 1.0),
    RecognizerResult("EMAIL", 30, 46, 1.0),
    RecognizerResult("CARD", 53, 69, 1.0),
    RecognizerResult("PERSON", 0, 5, 1.0),
]
HOW = {
    "PHONE": OperatorConfig("guard_partial", {"first": 3, "last": 4}),
    "EMAIL": OperatorConfig("guard_email"),
    "CARD": OperatorConfig("guard_ff1_bank_card", {"domain": "account"}),
    "PERSON": OperatorConfig("guard_null"),
}


def _engine(keys: Any) -> AnonymizerEngine:
    engine = AnonymizerEngine()
    for operator in operators(keys):
        engine.add_anonymizer(operator)
    return engine


def test_an_engine_gives_what_a_plan_gives() -> None:
    """Each found place is what the transform makes of it in a column; a null is an empty text."""
    import pyarrow as pa

    made = _engine(KEYRING.bind("research")).anonymize(TEXT, FOUND, HOW).text
    plan = "version: 1\npurpose: research\nfields:\n  card: {transform: ff1_bank_card, domain: account}\n"
    card = apply(pa.table({"card": ["6222021234567894"]}), Plan.parse(plan), KEYRING)["card"][0].as_py()
    assert made == f" called 138****1234 from zha***@example.cn, card {card}"


def test_the_way_back_needs_a_grant() -> None:
    """presidio's deanonymiser gets the number back under a grant, as often as it says, for its purpose."""
    keys = KEYRING.bind("research")
    made = _engine(keys).anonymize(TEXT, FOUND, HOW)
    places = [OperatorResult(i.start, i.end, i.entity_type, i.text, i.operator) for i in made.items]
    card = [place for place in places if place.entity_type == "CARD"]

    def back(engine: DeanonymizeEngine) -> str:
        return str(engine.deanonymize(made.text, card, {"CARD": HOW["CARD"]}).text)

    engine = DeanonymizeEngine()
    engine.add_deanonymizer(
        deanonymizer(keys, ReidentificationGrant("d-1", "dpo", "audit", "research", "ff1_bank_card", 2))
    )
    assert back(engine).endswith("card 6222021234567894")
    assert back(engine).endswith("card 6222021234567894")
    with pytest.raises(AccessDeniedError, match="is for 2 values, not for 3"):
        back(engine)
    engine.add_deanonymizer(
        deanonymizer(keys, ReidentificationGrant("d-2", "dpo", "audit", "care", "ff1_bank_card", 2))
    )
    with pytest.raises(AccessDeniedError, match="is not for `ff1_bank_card` of the purpose `research`"):
        back(engine)
    with pytest.raises(UsageError, match="no way back from `redact`"):
        deanonymizer(keys, ReidentificationGrant("d-3", "dpo", "audit", "research", "redact", 2))


def test_bad_parameters_are_presidios_own_error() -> None:
    """An unknown or missing parameter is `InvalidParamError` with guard's words; a missing key is guard's error."""
    with pytest.raises(InvalidParamError, match="parameters of `partial` do not fit"):
        _engine(None).anonymize(TEXT, FOUND, {"PHONE": OperatorConfig("guard_partial", {"frist": 3})})
    with pytest.raises(KeyUnavailableError, match="needs a key"):
        _engine(None).anonymize(TEXT, FOUND, HOW)


def test_every_transform_of_a_value_is_an_operator() -> None:
    """The list is the registry's, without those that need rows or tables."""
    names = {operator().operator_name() for operator in operators()}
    assert names == {f"guard_{name}" for name in registry.ids() if registry.wide(name) is None}
