"""Texts without the sensitive places in them; see `transforms/free_text.py` for what it promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from guard.anonymize.hmac_column import HmacColumn
from guard.anonymize.keys import required
from guard.anonymize.rows import Span, SpanFinder
from guard.errors import TransformError

if TYPE_CHECKING:
    from guard.anonymize.keys import Keys

TOKEN_DIGITS = 16


def without(text: pa.Array, finder: SpanFinder, params: Any, keys: Keys | None) -> pa.Array:
    """A column of plain `string` with each found place replaced.

    Raises:
        TransformError: the finder answered for another number of texts, or with a place outside its text.
        KeyUnavailableError: `replace` is `pseudonym` and there is no key.
    """
    encoded = text.dictionary_encode()
    words = encoded.dictionary.to_pylist()
    spans = finder(words) if words else ()
    if len(spans) != len(words):
        msg = "the classifier answered for another number of texts than it was asked about"
        raise TransformError(msg, help="this is a fault of the span finder that was handed in")
    made = _Made(params, keys)
    done = [made.text(word, merged(found, len(word), params.kinds)) for word, found in zip(words, spans, strict=True)]
    return pc.take(pa.array(done, pa.string()), encoded.indices)


class _Made:
    def __init__(self, params: Any, keys: Keys | None) -> None:
        self._replace = params.replace
        self._column = None
        if params.replace == "pseudonym":
            bound = required(keys, "free_text")
            self._column = HmacColumn(bound.derive(f"free_text:{params.domain}", params.version))
            self._prefix = f"g{params.version or bound.current}_"

    def text(self, text: str, places: Sequence[Span]) -> str:
        parts, end = [], 0
        for place in places:
            parts += [text[end : place.start], self._shown(place.kind, text[place.start : place.end])]
            end = place.end
        return "".join([*parts, text[end:]])

    def _shown(self, kind: str, value: str) -> str:
        if self._column is not None:
            token = self._column.tokens(pa.array([value]), self._prefix, TOKEN_DIGITS)[0].as_py()
            return f"<{kind}:{token}>"
        return f"<{kind}>" if self._replace == "kind" else "***"


def merged(spans: Sequence[Span], length: int, kinds: Sequence[str]) -> list[Span]:
    """The places of these kinds in their order; what overlaps is one place, of the kind that begins first.

    >>> merged([Span("b", 4, 9), Span("a", 2, 6), Span("c", 20, 22)], 30, ())
    [Span(kind='a', start=2, end=9), Span(kind='c', start=20, end=22)]

    Raises:
        TransformError: a place outside the text.
    """
    found: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not 0 <= span.start < span.end <= length:
            msg = "the classifier named a place outside its text"
            raise TransformError(msg, help="this is a fault of the span finder that was handed in")
        if kinds and not any(span.kind == kind or span.kind.startswith(kind + ".") for kind in kinds):
            continue
        if found and span.start < found[-1].end:
            found[-1] = Span(found[-1].kind, found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found
