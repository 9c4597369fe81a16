"""Web address with a scheme and a host; its query may name a person, the address as such does not.

Reference: RFC 3986 3; schemes that carry pages and files only.

>>> check("https://www.gov.cn/zhengce"), check("http://"), check("foo://example.com")
(True, False, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"[Aa]{3,5}://\S{3,}"
PASS_RATE = 1e-4
PRIOR = 3.0
CONTEXT = ("网址", "網址", "链接", "連結", "url", "link", "website", "homepage")

_FORM = re.compile(
    r"(?:https?|ftps?|wss?)://(?:[^\s/?#@]*@)?(?:\[[0-9a-f:.]+\]|[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::[0-9]{1,5})?(?:[/?#]\S*)?",
    re.I,
)

RULES: Rules = (
    ("at most 2,083 characters", lambda text: len(text) <= 2083),
    ("a scheme of the web or of files, and a host", _FORM.fullmatch),
)


def normalise(text: str) -> str:
    """Without surrounding space."""
    return text.strip()


def check(text: str) -> bool:
    """True when the rules hold."""
    return passes(RULES, normalise(text))


def explain(text: str) -> str:
    """The rule that fails, or those that hold."""
    return words(RULES, normalise(text))
