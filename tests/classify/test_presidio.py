"""Presidio both ways, against the installed presidio-analyzer; no model and no network."""

from __future__ import annotations

import socket

import pytest

from guard.classify import Classifier, presidio
from guard.classify.registry import detectors


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to resolve a name fails the test."""

    def refuse(*_args: object, **_more: object) -> None:
        raise AssertionError("a recogniser reached for the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_our_detectors_inside_presidio(language: str) -> None:
    """An AnalyzerEngine with a blank pipeline finds what touches Chinese characters, through its own interface."""
    text = "手机号13800138000，邮箱alice@example.com即可"
    results = presidio.engine().analyze(text, language=language)
    assert sorted((result.entity_type, text[result.start : result.end]) for result in results) == [
        ("CN_MOBILE", "13800138000"),
        ("INTL_EMAIL", "alice@example.com"),
    ]


def test_only_the_entities_asked_for() -> None:
    """Presidio's choice of entities is obeyed, and every kind can be asked for."""
    text = "手机号13800138000，邮箱alice@example.com即可"
    results = presidio.engine().analyze(text, language="zh", entities=["INTL_EMAIL"])
    assert [result.entity_type for result in results] == ["INTL_EMAIL"]
    assert presidio.recognizer("zh").supported_entities == [presidio.entity(kind) for kind in detectors()]


def test_beside_presidios_own() -> None:
    """Its own recognisers work in the same engine."""
    results = presidio.engine(builtin=True).analyze("card 4454 7945 1139 0933, mail bob@example.com", language="en")
    assert {"CREDIT_CARD", "INTL_CREDIT_CARD", "EMAIL_ADDRESS", "INTL_EMAIL"} <= {
        result.entity_type for result in results
    }


def test_its_recognisers_as_our_evidence(classifier: Classifier) -> None:
    """Where both see the same, the evidence says so and the score rises; weights still add up."""
    text = "call +44 20 7946 0958"
    alone = classifier.classify_text(text)
    both = classifier.classify_text(text, also=[presidio.findings])
    assert [(finding.kind, finding.start, finding.end) for finding in both] == [
        (finding.kind, finding.start, finding.end) for finding in alone
    ]
    assert both[0].score >= alone[0].score
    assert [item.source for item in both[0].evidence][-1] == "presidio"
    assert both[0].score == pytest.approx(1 / (1 + 2 ** -sum(item.weight for item in both[0].evidence)))


def test_findings_in_our_words() -> None:
    """Its entities become our kinds, all of which the taxonomy knows."""
    kinds = {
        finding.kind
        for finding in presidio.findings("mail bob@example.com ip 10.1.2.3 card 4454794511390933 ssn 536-22-1234")
    }
    assert {"intl.email", "intl.ipv4", "intl.credit_card", "us.ssn"} <= kinds <= set(detectors())
