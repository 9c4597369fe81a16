"""The tokens that the model reads: words, numbers, line ends, single marks; a stretch of another script is one."""

from __future__ import annotations

import re
from itertools import accumulate, compress

LETTERS = "A-Za-z\u00aa\u00ba\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u052f\u1e00-\u1fff"
# A possessive 's is a token of its own: it does not belong to the name. Blanks are matched too, so that the pieces
# make up the text and their places follow from their lengths.
_PIECE = re.compile(
    rf"[{LETTERS}]+(?:['’](?![sS](?![{LETTERS}]))[{LETTERS}]+)*"
    rf"|[^\S\n]+(?!\n)|[\u2e80-\uffff]+"
    rf"|[0-9]+(?:[.,:/-][0-9]+)*(?:[{LETTERS}]{{1,3}}(?![{LETTERS}]))?"
    r"|\s+|\S"
)


def tokens(text: str) -> tuple[list[str], list[int]]:
    """The tokens of a text and where each begins.

    >>> tokens("Mr. O'Neill's 2nd\\n call")
    (['Mr', '.', "O'Neill", "'", 's', '2nd', '\\n ', 'call'], [0, 2, 4, 11, 12, 14, 17, 19])
    """
    pieces = _PIECE.findall(text)
    starts = accumulate(map(len, pieces), initial=0)
    kept = [piece != " " and (piece[0] > " " or "\n" in piece) for piece in pieces]
    return list(compress(pieces, kept)), list(compress(starts, kept))
