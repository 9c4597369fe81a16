"""Presidio both ways: our detectors as a Presidio recogniser, and its pattern recognisers as evidence of ours.

The only module that imports `presidio_analyzer`, and only inside of functions: it takes two seconds and a hundred
megabytes. Nothing is downloaded: an engine is always built with a blank spaCy pipeline, never by `AnalyzerEngine()`,
whose default fetches a language model.

    engine = presidio.engine()                   # an AnalyzerEngine that knows our kinds
    engine.analyze("手机号13800138000", language="zh")

    classifier.classify_text(text, also=[presidio.findings])
"""

from __future__ import annotations

from functools import cache
from math import log2
from typing import TYPE_CHECKING, Any

from guard.errors import ConfigError
from guard.model import Evidence, Finding

if TYPE_CHECKING:
    from presidio_analyzer import AnalyzerEngine, EntityRecognizer

LANGUAGES = ("en", "zh")
MOST_TRUST = 0.9  # probability: its highest score is no certainty

# Presidio's entity: our kind. An address of the internet is told apart by its colon.
_KINDS = {
    "CREDIT_CARD": "intl.credit_card",
    "EMAIL_ADDRESS": "intl.email",
    "IBAN_CODE": "intl.iban",
    "IP_ADDRESS": "intl.ipv4",
    "MAC_ADDRESS": "intl.mac",
    "PHONE_NUMBER": "intl.phone",
    "URL": "intl.url",
    "US_SSN": "us.ssn",
}
_RECOGNIZERS = ("CreditCard", "Iban", "Ip", "MacAddress", "Phone", "Url", "UsSsn")


def entity(kind: str) -> str:
    """Presidio's way to write a kind.

    >>> entity("cn.resident_id")
    'CN_RESIDENT_ID'
    """
    return kind.replace(".", "_").upper()


def recognizer(language: str = "en") -> EntityRecognizer:
    """One recogniser for all our kinds: a text is read once, whatever the number of kinds.

    Raises:
        ConfigError: presidio-analyzer is not installed.
    """
    recognizer_class = _recognizer_class()
    made: EntityRecognizer = recognizer_class(language)
    return made


def engine(*, builtin: bool = False) -> AnalyzerEngine:
    """An AnalyzerEngine over blank spaCy pipelines (English, Chinese) with our recogniser in it.

    Args:
        builtin: also load Presidio's own recognisers for English.

    Raises:
        ConfigError: presidio-analyzer is not installed.
    """
    presidio = _import()
    spacy = _spacy()
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class Blank(SpacyNlpEngine):
        """Tokens only; no model is looked for."""

        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": language, "model_name": "blank"} for language in LANGUAGES])
            self.nlp: Any = {language: spacy.blank(language) for language in LANGUAGES}

        def load(self) -> None:
            """Nothing to load."""

    registry = presidio.RecognizerRegistry(supported_languages=list(LANGUAGES))
    nlp = Blank()
    if builtin:
        registry.load_predefined_recognizers(languages=["en"], nlp_engine=nlp)
        registry.remove_recognizer("EmailRecognizer")
        registry.add_recognizer(_offline_email())
    for language in LANGUAGES:
        registry.add_recognizer(recognizer(language))
    made: AnalyzerEngine = presidio.AnalyzerEngine(
        registry=registry, nlp_engine=nlp, supported_languages=list(LANGUAGES)
    )
    return made


def findings(text: str) -> list[Finding]:
    """What Presidio's own pattern recognisers see, in our words; the evidence carries its score in bits.

    Raises:
        ConfigError: presidio-analyzer is not installed.
    """
    found = []
    for one in _patterns():
        for result in one.analyze(text, one.supported_entities, None) or ():
            kind = _KINDS[result.entity_type]
            if kind == "intl.ipv4" and ":" in text[result.start : result.end]:
                kind = "intl.ipv6"
            score = min(MOST_TRUST, max(0.01, result.score))
            evidence = Evidence("presidio", f"recogniser {one.name}", log2(score / (1.0 - score)))
            found.append(Finding(kind, result.start, result.end, score, (evidence,)))
    return sorted(found, key=lambda finding: (finding.start, finding.end, finding.kind))


def _import() -> Any:
    try:
        import presidio_analyzer
    except ImportError as error:
        raise ConfigError("`presidio-analyzer` is not installed", help="pip install 'guard[presidio]'") from error
    return presidio_analyzer


def _spacy() -> Any:
    """spaCy as Presidio brings it; blank pipelines need no model."""
    import importlib

    return importlib.import_module("spacy")


@cache
def _patterns() -> tuple[Any, ...]:
    _import()
    from presidio_analyzer import predefined_recognizers

    named = (getattr(predefined_recognizers, f"{name}Recognizer")() for name in _RECOGNIZERS)
    return (_offline_email(), *named)


@cache
def _offline_email() -> Any:
    """Presidio's e-mail recogniser, which would otherwise fetch the list of public suffixes from the internet."""
    import importlib

    _import()
    from presidio_analyzer.predefined_recognizers import EmailRecognizer

    snapshot = importlib.import_module("tldextract").TLDExtract(suffix_list_urls=(), cache_dir=None)

    class OfflineEmailRecognizer(EmailRecognizer):
        """As its parent, with the list of suffixes that is installed."""

        def validate_result(self, pattern_text: str) -> bool:
            """True when the domain ends in a public suffix."""
            return bool(snapshot(pattern_text).top_domain_under_public_suffix)

    return OfflineEmailRecognizer(name="EmailRecognizer")


@cache
def _recognizer_class() -> Any:
    presidio = _import()
    from guard.classify.registry import detectors
    from guard.classify.text import classify_text

    kinds = {entity(kind): kind for kind in detectors()}

    class GuardRecognizer(presidio.EntityRecognizer):  # type: ignore[misc,name-defined]  # presidio has no type information
        """All kinds of guard in one pass over the text."""

        def __init__(self, language: str) -> None:
            super().__init__(list(kinds), name="GuardRecognizer", supported_language=language)

        def load(self) -> None:
            """Nothing to load: detectors are modules."""

        def analyze(self, text: str, entities: list[str], nlp_artifacts: Any) -> list[Any]:  # noqa: ARG002 - its interface
            """The findings of guard whose kinds are asked for."""
            wanted = set(entities) if entities else set(kinds)
            return [
                presidio.RecognizerResult(entity(finding.kind), finding.start, finding.end, finding.score)
                for finding in classify_text(text)
                if entity(finding.kind) in wanted
            ]

    return GuardRecognizer
