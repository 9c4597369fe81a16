"""The texts that Presidio's authors made up for measuring it (`synth_dataset_v2.json`, MIT): exact spans and kinds of
the structured types, and all types with no neural model. Nothing in guard was fitted to it.

The file is read from `../shared/data/presidio_research`, or from where `GUARD_SYNTH` points.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

from bench.result import Result
from guard.classify.text import classify_text

FILE = Path(os.environ.get("GUARD_SYNTH", "../shared/data/presidio_research/synth_dataset_v2.json"))

# Their types, and our kinds that mean the same.
KINDS = {
    "EMAIL_ADDRESS": "intl.email",
    "IBAN_CODE": "intl.iban",
    "IP_ADDRESS": "intl.ipv4",
    "DOMAIN_NAME": "intl.url",
    "US_SSN": "us.ssn",
    "CREDIT_CARD": "intl.credit_card",
    "PHONE_NUMBER": "intl.phone",
    "PERSON": "person.name_en",
    "STREET_ADDRESS": "person.address_en",
    "DATE_TIME": "intl.date",
    "TITLE": "person.title",
    "AGE": "person.age",
    "US_DRIVER_LICENSE": "person.driver_licence",
    "ZIP_CODE": "intl.postcode",
    "ORGANIZATION": "org.name",
    "GPE": "place.name",
    "NRP": "person.nationality",
}
STRUCTURED = ("EMAIL_ADDRESS", "IBAN_CODE", "IP_ADDRESS", "DOMAIN_NAME", "US_SSN", "CREDIT_CARD", "PHONE_NUMBER")
# Ours that are another's by country, form or issuer.
SAME = {
    "us.phone": "intl.phone",
    "uk.phone": "intl.phone",
    "intl.ipv6": "intl.ipv4",
    "cn.bank_card": "intl.credit_card",
    "intl.date_of_birth": "intl.date",
    "person.occupation": "person.title",
}
_PHONES = (".phone", ".mobile", ".landline")


def _kind(kind: str) -> str:
    return SAME.get(kind, "intl.phone" if kind.endswith(_PHONES) else kind)


def _f(found: Counter[str], types: tuple[str, ...], beta: float) -> float:
    hit, extra, missed = (sum(found[f"{what} {name}"] for name in types) for what in ("hit", "extra", "missed"))
    weight = beta * beta
    return (1 + weight) * hit / ((1 + weight) * hit + weight * missed + extra) if hit else 0.0


def run() -> Result:
    """Counts hits, extra findings and misses by type; a finding of a type that the file does not label is no fault."""
    found: Counter[str] = Counter()
    for case in json.loads(FILE.read_text("utf-8")):
        text = case["full_text"]
        wanted = {(KINDS[s["entity_type"]], s["start_position"], s["end_position"]) for s in case["spans"]}
        seen = {(_kind(one.kind), one.start, one.end) for one in classify_text(text)}
        for name, kind in KINDS.items():
            ours, theirs = ({span for span in spans if span[0] == kind} for spans in (seen, wanted))
            found[f"hit {name}"] += len(ours & theirs)
            found[f"extra {name}"] += len(ours - theirs)
            found[f"missed {name}"] += len(theirs - ours)
    for name in KINDS:
        print(f"{name:18}" + "".join(f"{what} {found[f'{what} {name}']:5}  " for what in ("hit", "extra", "missed")))
    figures = {"structured_f1": _f(found, STRUCTURED, 1.0), "all_f2": _f(found, tuple(KINDS), 2.0)}
    return Result({name: round(value, 4) for name, value in figures.items()}, {"file": FILE.name})
