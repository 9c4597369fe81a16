"""Says in other words what the compiler misunderstands; the meaning and the lines of a module stay.

* `data[2]`: a number in a reference from the root is the key with that text in OPA's store. The compiler would put
  the whole document of data together, the asking rule included, and call that recursion. It becomes `data["2"]`.
* `yaml.unmarshal(text, _)`: the wildcard as the place for a result. The compiler leaves it without a value; it
  becomes a variable with a name of its own.
* A package without rules: `data.a.b` is the empty object in OPA, and nothing at all here. It gets a rule that never
  holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from guard.policy.rego.builtins import registry
from guard.policy.rego.syntax import OPENING, Outline, Token, tokens

NEVER: Final = "\n\nguard_nothing if false\n"
_KEY: Final = re.compile(r"0|[1-9]\d*|(?:0|[1-9]\d*)\.\d*[1-9]")


def respell(files: Mapping[str, str], outlines: Mapping[str, Outline]) -> dict[str, str]:
    """The modules as the compiler shall see them."""
    full = {module.package for module in outlines.values() if module.rules}
    found = {}
    for name, text in files.items():
        changed = _edited(text, [*_changes(list(tokens(name, text)))])
        found[name] = changed if outlines[name].package in full else changed + NEVER
    return found


def _edited(text: str, changes: Sequence[tuple[Token, str]]) -> str:
    for token, new in reversed(changes):
        text = text[: token.start] + new + text[token.start + len(token.text) :]
    return text


def _changes(found: Sequence[Token]) -> Iterator[tuple[Token, str]]:
    """Tokens in their order, with what shall stand in their place."""
    wildcards = {token.start for token in _wildcard_results(found)}
    for position, token in enumerate(found):
        if token.start in wildcards:
            yield token, f"guard_result_{token.start}"
        elif token.kind == "number" and _KEY.fullmatch(token.text) and _is_root_key(found, position):
            yield token, f'"{token.text}"'


def _is_root_key(found: Sequence[Token], position: int) -> bool:
    """True for the number of `data[2]`."""
    around = [token.text for token in found[max(position - 3, 0) : position + 2]]
    return around[-4:-2] == ["data", "["] and around[-1] == "]" and (len(around) < 5 or around[0] != ".")


def _wildcard_results(found: Sequence[Token]) -> Iterator[Token]:
    """Each `_` that stands after all the operands of a builtin."""
    arities = {name: one.arity for name, one in registry().items()}
    calls: list[tuple[str, str, int]] = []  # of each open bracket: which closes it, the function, the commas so far
    for position, token in enumerate(found):
        if token.text in OPENING and token.kind == "mark":
            calls.append((OPENING[token.text], _called(found, position) if token.text == "(" else "", 0))
        elif calls and token.text == calls[-1][0]:
            _, name, commas = calls.pop()
            last = found[position - 1]
            if last.text == "_" and found[position - 2].text == "," and arities.get(name) == commas:
                yield last
        elif calls and token.text == ",":
            calls[-1] = (*calls[-1][:2], calls[-1][2] + 1)


def _called(found: Sequence[Token], position: int) -> str:
    """The dotted name in front of a bracket."""
    parts: list[str] = []
    while position > 0 and found[position - 1].kind == "name":
        parts.append(found[position - 1].text)
        if position < 2 or found[position - 2].text != ".":
            break
        position -= 2
    return ".".join(reversed(parts))
