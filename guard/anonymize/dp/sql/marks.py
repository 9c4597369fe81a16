"""Marks: what stands in a form for a base table until enforcement puts the filtered and masked table there.

A mark holds the table's full quoted name between two private-use characters, which no text of the analyst's may hold.
So a form can name a table nowhere but where enforcement will look for it.
"""

from __future__ import annotations

import re
from typing import Final

OPEN, CLOSE = "\ue002", "\ue003"
MARK: Final = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]+{CLOSE}")
_PRIVATE: Final = re.compile("[\ue000-\uf8ff]")


def marked(quoted: str) -> str:
    """The mark of a table by its quoted name."""
    return f"{OPEN}{quoted}{CLOSE}"


def has_private_use(text: str) -> bool:
    """Whether a text holds a character that marks and tokens are made of."""
    return _PRIVATE.search(text) is not None


def unmarked(sql: str) -> str:
    """The form over the tables as they are, neither filtered nor masked: for reading and for tests of the form."""
    return sql.replace(OPEN, "").replace(CLOSE, "")
