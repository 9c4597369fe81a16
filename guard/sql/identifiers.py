"""Which identifiers a statement may spell: what engine, parser and reader all see as the same name.

Chinese, Japanese and Korean names are everyday column names and pass; a Cyrillic letter in an otherwise Latin name
(`cu\u0455tomers`), a full-width Latin letter, a name that is not in normal form C, an invisible character are refused,
because guard, the engine or the reader of a report would take them for another name (Unicode TR39, sections 4 and 5).
"""

from __future__ import annotations

import unicodedata

_EAST_ASIAN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "HALFWIDTH"})
_LOOK_ALIKE = frozenset({"FULLWIDTH", "MATHEMATICAL", "MODIFIER"})


def trouble(name: str) -> str:
    """Why `name` is refused, in a few words; empty when it may be used. ASCII names are always fine here."""
    if name.isascii():
        return ""
    if unicodedata.normalize("NFC", name) != name:
        return "is not in Unicode normal form C"
    scripts: set[str] = set()
    for character in name:
        category = unicodedata.category(character)
        if category[0] in "CZ" and character != " ":
            return "holds an invisible or space-like character"
        if category[0] in "LN" and (script := _script(character)):
            scripts.add(script)
    if scripts & _LOOK_ALIKE:
        return "holds letters that look like ASCII"
    if len(scripts - {"EAST ASIAN"}) > 1 or (scripts & {"EAST ASIAN"} and scripts - {"EAST ASIAN", "LATIN"}):
        return "mixes alphabets that look alike"
    return ""


def _script(character: str) -> str:
    """The alphabet of a letter or digit by its Unicode name; empty for ASCII digits, which go with any."""
    if character.isascii():
        return "LATIN" if character.isalpha() else ""
    first = unicodedata.name(character, "UNNAMED").partition(" ")[0]
    return "EAST ASIAN" if first in _EAST_ASIAN else first
