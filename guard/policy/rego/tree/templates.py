"""The parts of a template string: `$"hello {input.name}"`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from guard.policy.rego.syntax import expression_end

_BRACE: Final = re.compile(r"\\([{}])")


def template_parts(text: str) -> Iterator[tuple[str, bool]]:
    """Each part with whether it is an expression; text is as it is written, but for `\\{` and `\\}`."""
    position, start, end = 2, 2, len(text) - 1
    while position < end:
        if text[position] == "\\" and (text[1] == '"' or text[position + 1] in "{}"):
            position += 2
        elif text[position] == "{":
            yield _BRACE.sub(r"\1", text[start:position]), False
            stop = expression_end("template", text, position, 1)
            yield text[position + 1 : stop - 1], True
            position = start = stop
        else:
            position += 1
    yield _BRACE.sub(r"\1", text[start:end]), False
