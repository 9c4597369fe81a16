"""A user's own ground truth: labels that people gave to columns teach what *they* call a kind.

A model is fitted on verdicts that the rules gave (evidence, further kinds, the name's tokens, the shapes of a few
values) and on the answers of people. It says the answer for further columns. An answer that people gave fewer than
three times cannot be learnt: there the rules' own verdict stands, by what people called that kind elsewhere or by the
names that are passed in.

Needs scikit-learn, which is imported when a model is fitted.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from guard.classify.lexicon import tokens
from guard.classify.shape import shape_of
from guard.model import FieldLabel

LEARNABLE = 3  # columns of an answer
_LONGEST_SHAPE = 12
_NUMBER = re.compile(r"-?[0-9.]{1,40}")


def features(label: FieldLabel, values: Sequence[str] = ()) -> dict[str, float]:
    """What is known of a column, as named numbers; no value is among the names, only shapes are.

    Args:
        label: the verdict of the rules.
        values: a few of its values, empty ones included.
    """
    parts = tokens(label.field.path)
    found: dict[str, float] = {f"token {part}": 1.0 for part in parts}
    found.update({f"pair {a} {b}": 1.0 for a, b in pairwise(parts)})
    if parts:
        found[f"last {parts[-1]}"] = 1.0
    filled = [value for value in values if value.strip()]
    found["nothing"] = float(not filled)
    kinds = dict(label.others)
    if label.label is not None:
        kinds[label.label.kind] = 2.0 * label.score
    for kind, likely in kinds.items():
        found[f"kind {kind}"] = likely
        found[f"kind {kind} {'seen' if filled else 'by name'}"] = likely
    found.update({f"evidence {item.source}": item.weight / 10.0 for item in label.evidence})
    found[f"verdict {label.verdict} {'seen' if filled else 'by name'}"] = 1.0
    if filled:
        distinct = set(filled)
        found["distinct"] = len(distinct) / len(filled)
        found["length"] = min(40.0, sum(map(len, filled)) / len(filled)) / 40.0
        found["spaces"] = sum(value.count(" ") for value in filled) / len(filled) / 5.0
        found["numbers"] = sum(bool(_NUMBER.fullmatch(value)) for value in filled) / len(filled)
        for value in distinct:
            name = "shape " + re.sub(r"(.)\1+", r"\1+", shape_of(value[:200]))[:_LONGEST_SHAPE]
            found[name] = found.get(name, 0.0) + 1.0 / len(distinct)
    return found


class LocalTruth:
    """What people call a kind, learnt from columns that they labelled.

    Args:
        names: what an answer is called that the rules' kind stands for; for answers too rare to learn.
    """

    def __init__(self, names: Mapping[str, str] | None = None) -> None:
        self._names = dict(names or {})
        self._model: Any = None
        self._vectors: Any = None
        self._counts: Counter[str] = Counter()

    def fit(self, columns: Sequence[dict[str, float]], answers: Sequence[str]) -> None:
        """Learns from columns (see `features`) and the answers of people, one each.

        Raises:
            ValueError: there are fewer than two different answers.
        """
        from sklearn.feature_extraction import DictVectorizer
        from sklearn.linear_model import LogisticRegression

        self._counts = Counter(answers)
        self._vectors = DictVectorizer()
        self._model = LogisticRegression(C=5.0, max_iter=150, tol=1e-3)
        self._model.fit(self._vectors.fit_transform(columns), list(answers))

    def answer(self, column: dict[str, float], label: FieldLabel) -> str:
        """The answer for a further column."""
        own = self._names.get(label.label.kind, "") if label.label else ""
        if own and self._counts[own] < LEARNABLE:
            return own
        return str(self._model.predict(self._vectors.transform([column]))[0])
