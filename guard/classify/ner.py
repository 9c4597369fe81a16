"""A language model that the user has installed, as further evidence: spaCy, a transformers pipeline, GLiNER.

    classifier.classify_text(text, also=[ner.spacy("en_core_web_sm")])

Nothing is imported and no model is loaded before the first text is read, and nothing is downloaded: the model must be
there. What the model sees where guard sees the same adds two bits; what it alone sees is a finding of its own.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from math import log2
from typing import Any

from guard.errors import ConfigError
from guard.model import Evidence, Finding

Source = Callable[[str], list[Finding]]

# How the label sets in use (OntoNotes, CoNLL, WikiNER, PII models) call our kinds.
KINDS: Mapping[str, str] = {
    "PERSON": "person.name_en", "PER": "person.name_en", "NAME": "person.name_en",
    "GPE": "place.name", "LOC": "place.name", "LOCATION": "place.name", "CITY": "place.name", "COUNTRY": "place.name",
    "ADDRESS": "person.address_en", "STREET_ADDRESS": "person.address_en",
    "ORG": "org.name", "ORGANIZATION": "org.name", "ORGANISATION": "org.name", "COMPANY": "org.name",
    "NORP": "person.nationality", "NATIONALITY": "person.nationality",
    "DATE": "intl.date", "AGE": "person.age", "OCCUPATION": "person.occupation", "JOB_TITLE": "person.occupation",
    "EMAIL": "intl.email", "PHONE_NUMBER": "intl.phone",
}  # fmt: skip
LABELS = ("person", "address", "location", "organization", "nationality", "occupation")  # that GLiNER is asked for
SPACY_SCORE = 0.75  # spaCy gives no score of its own
MOST_TRUST = 0.9  # probability: a model's highest score is no certainty


def spacy(model: Any, *, score: float = SPACY_SCORE, kinds: Mapping[str, str] = KINDS) -> Source:
    """A spaCy pipeline as a source for `also`.

    Args:
        model: a loaded pipeline, or the name of an installed one, which is loaded with the first text.
        score: the probability of what it finds.
        kinds: its labels and our kinds; other labels are left out.

    Raises:
        ConfigError: with the first text: spaCy or the pipeline is not installed.
    """

    @cache
    def loaded() -> Any:
        if not isinstance(model, str):
            return model
        try:
            return importlib.import_module("spacy").load(model)
        except (ImportError, OSError) as error:
            raise ConfigError(
                f"the spaCy pipeline `{model}` is not installed", help=f"python -m spacy download {model}"
            ) from error

    def source(text: str) -> list[Finding]:
        found = ((one.label_, one.start_char, one.end_char, score) for one in loaded()(text).ents)
        return _findings(found, kinds, "spaCy")

    return source


def transformers(pipeline: Any, *, kinds: Mapping[str, str] = KINDS) -> Source:
    """A token classification pipeline of transformers, made with an aggregation strategy, as a source for `also`."""

    def source(text: str) -> list[Finding]:
        found = ((one["entity_group"], one["start"], one["end"], float(one["score"])) for one in pipeline(text))
        return _findings(found, kinds, "transformers")

    return source


def gliner(model: Any, *, labels: Sequence[str] = LABELS, kinds: Mapping[str, str] = KINDS) -> Source:
    """A GLiNER model as a source for `also`; `labels` are what it is asked for."""

    def source(text: str) -> list[Finding]:
        read = model.predict_entities(text, list(labels))
        found = ((one["label"], one["start"], one["end"], float(one["score"])) for one in read)
        return _findings(found, kinds, "GLiNER")

    return source


def _findings(found: Iterable[tuple[str, int, int, float]], kinds: Mapping[str, str], name: str) -> list[Finding]:
    made = []
    for label, start, end, score in found:
        kind = kinds.get(label.upper().replace(" ", "_"))
        if kind is None or start >= end:
            continue
        held = min(MOST_TRUST, max(0.01, score))
        evidence = Evidence("user", f"a model of {name}", log2(held / (1.0 - held)))
        made.append(Finding(kind, start, end, held, (evidence,)))
    return sorted(made, key=lambda one: (one.start, one.end, one.kind))
