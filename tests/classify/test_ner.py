"""The user's own language models as evidence: spaCy for real, the others by the answers that their interfaces give."""

from __future__ import annotations

import subprocess
import sys

import pytest

from guard.classify import Classifier, ner
from guard.errors import ConfigError


@pytest.fixture(scope="module")
def pipeline():
    """A spaCy pipeline without a model: a ruler of entities, which is a real component."""
    import spacy

    made = spacy.blank("en")
    ruler = made.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "ORG", "pattern": "qua lim bo"}, {"label": "PERSON", "pattern": "Ingeborg Sandvik"}])
    return made


def test_what_spacy_alone_sees_is_found(pipeline, classifier: Classifier) -> None:
    """A finding of its own, with its source as evidence and exact characters."""
    text = "they said that qua lim bo pays later"
    assert classifier.classify_text(text) == []
    found = classifier.classify_text(text, also=[ner.spacy(pipeline)])
    assert [(one.kind, text[one.start : one.end], one.evidence[0].detail) for one in found] == [
        ("org.name", "qua lim bo", "a model of spaCy")
    ]


def test_agreement_adds_evidence(pipeline, classifier: Classifier) -> None:
    """Where guard sees the same, the score rises."""
    text = "My name is Ingeborg Sandvik."
    (alone,) = classifier.classify_text(text)
    (both,) = classifier.classify_text(text, also=[ner.spacy(pipeline)])
    assert (both.kind, both.start, both.end) == (alone.kind, alone.start, alone.end)
    assert both.score > alone.score


def test_a_pipeline_that_is_not_there_says_how_to_get_it() -> None:
    """Nothing is loaded when the source is made; the first text asks for the model and names the cure."""
    source = ner.spacy("no_such_pipeline")
    with pytest.raises(ConfigError, match="no_such_pipeline"):
        source("text")


def test_the_shapes_of_transformers_and_gliner() -> None:
    """Their answers become findings; labels that are not ours and empty spans are left out."""
    answer = [
        {"entity_group": "PER", "start": 0, "end": 4, "score": 0.99},
        {"entity_group": "MISC", "start": 5, "end": 9, "score": 0.99},
    ]
    assert [(one.kind, one.score) for one in ner.transformers(lambda text: answer)("Anna Oslo")] == [
        ("person.name_en", ner.MOST_TRUST)
    ]

    class Model:
        def predict_entities(self, text: str, labels: list[str]) -> list[dict]:
            assert "person" in labels
            return [
                {"label": "location", "start": 5, "end": 9, "score": 0.6},
                {"label": "person", "start": 2, "end": 2, "score": 1.0},
            ]

    assert [(one.kind, one.start, one.end, one.score) for one in ner.gliner(Model())("Anna Oslo")] == [
        ("place.name", 5, 9, 0.6)
    ]


def test_nothing_is_imported_before_it_is_used() -> None:
    """Making a source loads no model library."""
    code = "import sys; from guard.classify import ner; ner.spacy('x'); print('spacy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
