"""What the name of a column says: its tokens, and the phrases that a security team keeps in `rules/names/*.yaml`.

A name is cut into tokens (snake, kebab, camel, digits apart); Chinese stays in runs. Phrases match whole tokens,
never parts of them, and the last word counts most: `email_template` is a template, `is_email_verified` a question.
Names are evidence, capped below certainty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from guard.classify import rulefile
from guard.classify.fold import fold
from guard.classify.shape import HAN
from guard.errors import ConfigError
from guard.model import Value

STRONG_BITS = 9.0
WEAK_BITS = 5.0
LONGER_BITS = 0.2  # a token more: `id card no` says more than `card no`
NOT_LAST_BITS = -5.0  # the phrase is followed by another noun
QUESTION_BITS = -12.0  # is_, has_, 是否
AGAINST_BITS = -5.0  # the last word names something else: version, amount, status
COMMENT_STRONG_BITS = 6.0
COMMENT_WEAK_BITS = 3.0
COMMENT_NAMES_BITS = 8.0  # the comment is a name itself: 申请人身份证号, 手机号码（11位）
ROLE_BITS = -1.0  # a role before the initials: sqrxm is 申请人 and 姓名, or something else with these initials
COMMENT_QUESTION_BITS = -8.0
COMMENT_AGAINST_BITS = -3.0

_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
_TOKEN = re.compile(rf"[a-z]+|[0-9]+|[{HAN}]+")
_LONGEST_NAME = 256
_HEAD = re.compile(r"[^,;:.()\[\]/、。，；：（）【】\n]{1,24}")  # of a comment, before what it explains


class _Words(Value, frozen=True):
    strong: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()


class _Frame(Value, frozen=True):
    trailing: tuple[str, ...]
    questions: tuple[str, ...]
    against: tuple[str, ...]
    of_things: tuple[str, ...]
    people: tuple[str, ...]
    things: tuple[str, ...]
    roles: tuple[str, ...] = ()


class Match(Value, frozen=True):
    """A phrase of a kind in a name or comment, with its bits."""

    kind: str
    phrase: str
    bits: float


@lru_cache(maxsize=65_536)
def tokens(name: str) -> tuple[str, ...]:
    """The tokens of a name in small letters.

    >>> tokens("customerMobileNo"), tokens("SJHM_1"), tokens("客户手机号_new")
    (('customer', 'mobile', 'no'), ('sjhm', '1'), ('客户手机号', 'new'))
    """
    return tuple(_TOKEN.findall(_BREAK.sub(" ", fold(name[:_LONGEST_NAME])[0]).lower()))


def _any_word(parts: tuple[str, ...], words: tuple[str, ...]) -> bool:
    """True when a Latin word is one of the tokens, or a Chinese one stands in one of them."""
    return any(word in parts if word.isascii() else any(word in part for part in parts) for word in words)


class Lexicon:
    """The phrases of all kinds, indexed by their first token.

    Args:
        words: kind to its phrases.
        frame: words that change what a phrase means.
    """

    def __init__(self, words: Mapping[str, _Words], frame: _Frame) -> None:
        self._latin: dict[str, list[tuple[tuple[str, ...], str, float]]] = {}
        self._han: list[tuple[str, str, float]] = []
        self.frame = frame
        self.kinds = frozenset(words)
        self._trailing = frozenset(frame.trailing)
        self._questions = frozenset(frame.questions)
        self._against = frozenset(frame.against)
        self._roles = tuple(sorted(frame.roles, key=lambda role: (-len(role), role)))
        self._against_han = tuple(word for word in frame.against if not word.isascii())
        for kind, lists in words.items():
            for phrase, bits in [(p, STRONG_BITS) for p in lists.strong] + [(p, WEAK_BITS) for p in lists.weak]:
                if phrase.isascii():
                    parts = tuple(phrase.lower().split())
                    self._latin.setdefault(parts[0], []).append((parts, kind, bits + LONGER_BITS * (len(parts) - 1)))
                else:
                    self._han.append((phrase, kind, bits + LONGER_BITS * (len(phrase) - 1) / 2))
        self._han.sort(key=lambda item: (-len(item[0]), item[0], item[1]))

    def of_name(self, name: str) -> list[Match]:
        """What a column's name says, one match a kind, the strongest."""
        return self._best(self._in_name(tokens(name)))

    def of_comment(self, comment: str) -> list[Match]:
        """What a comment says: phrases anywhere in it; questions and states weaken it."""
        if not comment:
            return []
        parts = tokens(comment)
        weaker = 0.0
        if _any_word(parts, self.frame.questions):
            weaker = COMMENT_QUESTION_BITS
        elif _any_word(parts, self.frame.against):
            weaker = COMMENT_AGAINST_BITS
        found = [
            Match(kind, phrase, (COMMENT_STRONG_BITS if bits >= STRONG_BITS else COMMENT_WEAK_BITS) + weaker)
            for phrase, kind, bits, _ in self._phrases(parts)
        ]
        return self._best([*found, *self._named_by(comment)])

    def _named_by(self, comment: str) -> Iterable[Match]:
        """The kinds that a comment names as a column's name would: its first words end with a strong phrase, and
        nothing in them asks or counts."""
        head = _HEAD.match(fold(comment[:_LONGEST_NAME])[0].strip())
        parts = tokens(head[0]) if head else ()
        if not parts or _any_word(parts, self.frame.questions) or _any_word(parts, self.frame.against):
            return
        for match in self._in_name(parts):
            if match.bits >= STRONG_BITS:
                yield Match(match.kind, match.phrase, COMMENT_NAMES_BITS)

    def against(self, name: str) -> str:
        """The last word of a name when it names something that no kind is (a version, an amount, a status), else
        empty."""
        parts = self._core(tokens(name))
        if not parts:
            return ""
        last = parts[-1]
        if last in self._against:
            return last
        return next((word for word in self._against_han if last.endswith(word)), "")

    def about_people(self, name: str) -> float:
        """1 when a table's name says people, -1 when it says things, else 0."""
        parts = tokens(name)
        singular = (*parts, *(part.removesuffix("s") for part in parts))
        if _any_word(singular, self.frame.people):
            return 1.0
        return -1.0 if _any_word(singular, self.frame.things) else 0.0

    def _core(self, parts: tuple[str, ...]) -> tuple[str, ...]:
        """Without trailing words that say nothing: no, number, 1."""
        end = len(parts)
        while end > 1 and (parts[end - 1] in self._trailing or parts[end - 1].isdigit()):
            end -= 1
        return parts[:end]

    def _in_name(self, parts: tuple[str, ...]) -> list[Match]:
        question = any(part in self._questions for part in parts[:2]) or any(
            part.startswith(word) for part in parts for word in self.frame.questions if not word.isascii()
        )
        core = len(self._core(parts))
        found = []
        for phrase, kind, bits, end in self._phrases(parts):
            less = QUESTION_BITS if question else NOT_LAST_BITS if end < core else 0.0
            if bits < STRONG_BITS and _any_word(parts[: max(end, 0)], self.frame.of_things):
                less += NOT_LAST_BITS
            found.append(Match(kind, phrase, bits + less))
        return found

    def _phrases(self, parts: tuple[str, ...]) -> Iterable[tuple[str, str, float, int]]:
        """Phrases in the tokens: phrase, kind, bits, and the token index after it."""
        for index, part in enumerate(parts):
            for phrase, kind, bits in self._latin.get(part, ()):
                if parts[index : index + len(phrase)] == phrase:
                    yield " ".join(phrase), kind, bits, index + len(phrase)
            if not part.isascii():
                yield from self._han_phrases(part, index)
            elif part not in self._latin:
                yield from self._of_role(part, index)

    def _of_role(self, part: str, index: int) -> Iterable[tuple[str, str, float, int]]:
        """Initials of a role and of a kind in one token: sqrxm, jhrsfzh."""
        for role in self._roles:
            rest = part.removeprefix(role)
            if rest != part and rest in self._latin and rest not in self._against:
                for phrase, kind, bits in self._latin[rest]:
                    if len(phrase) == 1 and bits >= STRONG_BITS:
                        yield f"{role} {rest}", kind, bits + ROLE_BITS, index + 1
                return

    def _han_phrases(self, part: str, index: int) -> Iterable[tuple[str, str, float, int]]:
        taken: list[tuple[int, int]] = []
        for phrase, kind, bits in self._han:
            at = part.rfind(phrase)
            if at < 0:
                continue
            span = (at, at + len(phrase))
            if any(a <= span[0] and span[1] <= b and (a, b) != span for a, b in taken):
                continue  # 手机 inside 手机型号 is not the telephone
            taken.append(span)
            rest = part[span[1] :]
            last = not rest or rest in self._trailing or all(char in "号號码碼值名" for char in rest)
            yield phrase, kind, bits, index + 1 if last else -1

    @staticmethod
    def _best(found: Iterable[Match]) -> list[Match]:
        best: dict[str, Match] = {}
        for match in found:
            if match.kind not in best or match.bits > best[match.kind].bits:
                best[match.kind] = match
        return [best[kind] for kind in sorted(best)]


def load(folder: Path) -> tuple[Lexicon, bytes]:
    """The lexicon in `folder`, and its content in canonical bytes.

    Raises:
        ConfigError: a file does not fit, or `frame.yaml` is missing; names file and key.
    """
    words: dict[str, _Words] = {}
    frame: _Frame | None = None
    for path in rulefile.files(folder):
        if path.name == "frame.yaml":
            frame = rulefile.read(path, _Frame)
        else:
            rulefile.merge(path, words, rulefile.read(path, dict[str, _Words]))
    if frame is None:
        raise ConfigError(f"`{folder / 'frame.yaml'}` is missing", help="copy it from the default rule pack")
    for kind, lists in words.items():
        if any(not phrase.strip() for phrase in lists.strong + lists.weak):
            raise ConfigError(
                f"`{folder}` has an empty phrase under `{kind}`", help="an empty phrase would match every name"
            )
    return Lexicon(words, frame), rulefile.canonical([dict(sorted(words.items())), frame])
