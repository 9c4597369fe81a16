"""Texts put together from parts, as one Python text with the builtin as its fallback."""

from __future__ import annotations

from typing import Final

from guard.policy.rego.builtins.sprintf import plain_template
from guard.policy.rego.emit.function import FunctionWriter
from guard.policy.rego.emit.lines import Lines, indent
from guard.policy.rego.ir import Const, Operand, Statement
from guard.policy.rego.text import MAX_TEXT

LARGE: Final = 1 << 62  # larger integers go to the builtin


def on_format(w: FunctionWriter, statement: Statement) -> Lines:
    """`concat` or `sprintf` with a constant form; the builtin where a part is not of the common type."""
    form, *parts = statement.reads
    target = f"l{statement.writes[0]}"
    arguments = ", ".join(w.operand(part) for part in parts)
    general = [
        f"{target} = B[{statement.name!r}]({w.operand(form)}, [{arguments}])",
        f"if {target} is U: {w.leave()}",
    ]
    text = str(form.value) if type(form) is Const else ""
    pieces = _separated(w, text, parts) if statement.name == "concat" else _template(w, text, parts)
    if pieces is None:
        return [*w.guard(statement), *general]
    tests, literal = pieces
    tests.append(f"len(t := f{literal!r}) <= {MAX_TEXT}")
    return [*w.guard(statement), f"if {' and '.join(tests)}: {target} = t", "else:", *indent(general)]


def _separated(w: FunctionWriter, separator: str, parts: list[Operand]) -> tuple[list[str], str] | None:
    """What must hold, and the text within an f-string."""
    return _joined(w, parts, "s" * len(parts), [""] + [separator] * (len(parts) - 1) + [""])


def _template(w: FunctionWriter, template: str, parts: list[Operand]) -> tuple[list[str], str] | None:
    plain = plain_template(template)
    if plain is None or len(plain[0]) != len(parts):
        return None
    return _joined(w, parts, plain[0], plain[1].split("%s"))


def _joined(w: FunctionWriter, parts: list[Operand], verbs: str, between: list[str]) -> tuple[list[str], str] | None:
    if not parts or len(between) != len(parts) + 1:
        return None
    tests: list[str] = []
    literal = _escaped(between[0])
    for part, verb, after in zip(parts, verbs, between[1:], strict=True):
        if type(part) is Const:
            if type(part.value) is not str or verb == "d":
                return None
            literal += _escaped(part.value)
        else:
            name = w.operand(part)
            tests.append(_test(name, verb))
            literal += f"{{{name}}}"
        literal += _escaped(after)
    return list(dict.fromkeys(tests)), literal


def _test(name: str, verb: str) -> str:
    """A condition: Go shows the value as Python does."""
    small = f"type({name}) is int and -{LARGE} < {name} < {LARGE}"
    if verb == "d":
        return small
    return f"type({name}) is str" if verb == "s" else f"(type({name}) is str or {small})"


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
