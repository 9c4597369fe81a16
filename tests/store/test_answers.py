"""Noisy answers, kept once."""

from __future__ import annotations

from datetime import UTC, datetime

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_the_first_answer_to_a_question_counts(store):
    """Whoever comes second gets what the first one got; an unknown question has no answer."""
    answers = store.answers
    assert answers.find("f" * 64) is None
    assert answers.keep("f" * 64, "first", now=NOW) == "first"
    assert answers.keep("f" * 64, "second", now=NOW) == "first"
    assert answers.find("f" * 64) == "first"
