"""Password or other secret that is written down next to its name: `password=...`, `"api_key": "..."`, 密码：....

The name is the evidence; the value must not be a placeholder, a reference or a word of the language. `check` takes
the whole assignment.

Reference: CWE-312, CWE-798.

>>> check("password=Tr0ub4dor&3"), check("password=${DB_PASSWORD}"), check("password: required")
(True, False, False)
"""

from __future__ import annotations

import re

from guard.classify.rule import Rules, passes, words

SHAPE = r"[\"']?[Aa_9汉-]{2,40}[\"']? ?(?:=|:) ?[\"']?\S{4,128}"
PASS_RATE = 1e-4
ANCHORED = True
PRIOR = -8.0
CONTEXT = ("password", "passwd", "secret", "密码", "密碼", "口令")

NAMES = (
    r"password|passwd|passphrase|pwd|secret(?:[_-]?(?:key|access[_-]?key))?|client[_-]?secret|api[_-]?key|apikey|"
    r"access[_-]?token|auth[_-]?token|"
    r"private[_-]?token|登录密码|密码|密碼|口令"
)
PATTERN = rf"(?:{NAMES})[\"']?(?: ?[=:] ?| ?(?:是|为|為) ?)[\"']?([!#-&(-+\--:<-~]{{4,128}})"
_FORM = re.compile(r"[\"']?[A-Za-z_0-9-]{0,24}" + PATTERN + r"[\"']?", re.I)
_PLACEHOLDER = re.compile(
    r"[*x.•#_-]+|\$?\{.*|<.*|%.*|null|none|true|false|required|optional|string|str|changeme|example|os\.|env\.|self\.|.*\(.*",
    re.I,
)
_WORD = re.compile(r"[a-z]+|[A-Z]?[a-z]+[,.;:]?|[0-9]{1,3}")


def _value(text: str) -> str:
    found = _FORM.fullmatch(text)
    return found.group(1).strip("\"',;。") if found else ""


RULES: Rules = (
    ("the name of a secret, a sign, and 4 characters or more", lambda text: len(_value(text)) >= 4),
    ("a value that is neither placeholder nor reference", lambda text: not _PLACEHOLDER.fullmatch(_value(text))),
    ("a value that is not a plain word", lambda text: not _WORD.fullmatch(_value(text))),
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
