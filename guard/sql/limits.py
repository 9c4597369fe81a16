"""How large SQL may be before guard parses it.

The compiled parser recurses on the C stack (a segmentation fault at 10,000 nested subqueries, 180 KB) and is
exponential in joins without a condition (0.3 s at 16, doubling with each), so every bound here is checked on bytes
and tokens, before the parser sees the text.
"""

from __future__ import annotations

from guard.model import Value


class SqlLimits(Value, frozen=True):
    """Bounds on one SQL text; TPC-DS stays below 12 KB, 3,000 tokens and 8 levels."""

    bytes: int = 131_072  # UTF-8; never above HARD_BYTES
    tokens: int = 20_000
    nesting: int = 64  # parentheses, brackets, braces and CASE around one token
    prefixes: int = 24  # tokens in a row that cannot end an expression (`NOT NOT ...`, `- - ...`)
    depth: int = 600  # of the syntax tree; a chain of n operators is n deep
    set_operations: int = 400
    ctes: int = 200
    joins: int = 300
    bare_joins: int = 8  # joins without ON or USING, where the parser tries both groupings
    statements: int = 200  # of a script


HARD_BYTES = 1_000_000
DEFAULT_LIMITS = SqlLimits()
SCRIPT_LIMITS = SqlLimits(bytes=524_288, tokens=80_000, set_operations=2_000, ctes=2_000, joins=2_000)
