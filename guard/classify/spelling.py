"""One spelling for values that people write with separators.

A text that is longer than any value keeps its own: no rule accepts it, and spelling a megabyte would only take time.
"""

from __future__ import annotations

_SEPARATORS = str.maketrans("", "", " -\u00b7.\u3000\t()/")
LONGEST = 4_096  # characters
_SPACES = str.maketrans("", "", " -\u3000\t")


def bare(text: str) -> str:
    """Without spaces, hyphens, dots, strokes and brackets, in capitals.

    >>> bare("a123456 (7)")
    'A1234567'
    """
    if len(text) > LONGEST:
        return text
    return text.upper() if text.isalnum() else text.translate(_SEPARATORS).upper()


def unspaced(text: str) -> str:
    """Without spaces and hyphens, in capitals; other marks stay.

    >>> unspaced("110105-19491231-002x")
    '11010519491231002X'
    """
    if len(text) > LONGEST:
        return text
    return text.upper() if text.isalnum() else text.translate(_SPACES).upper()
