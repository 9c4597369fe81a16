"""How large SQL may be before guard parses it.

The compiled parser recurses on the C stack (a segmentation fault at 10,000 nested subqueries, 180 KB) and is
exponential in joins without a condition (0.3 s at 16, doubling with each), so every bound here is checked on bytes
and tokens, before the parser sees the text.
"""

from __future__ import annotations

from guard.model import Value


class SqlLimits(Value, frozen=True):
    """Bounds on one SQL text; TPC-DS stays below 12 KB, 3,000 tokens and 8 levels.

    The defaults hold a verdict (parsing, facts, review, rewriting, proof) on any input below 100 ms of CPU; a long
    list of values belongs into a bound parameter.
    """

    bytes: int = 65_536  # UTF-8; never above HARD_BYTES; splitting them into tokens takes 40 ms
    tokens: int = 4_000
    work: int = 4_500  # tokens, weighted by what those that begin something large cost (guard/sql/shape.py)
    nesting: int = 64  # parentheses, brackets, braces and CASE around one token
    prefixes: int = 24  # tokens in a row that cannot end an expression (`NOT NOT ...`, `- - ...`)
    subscripts: int = 32  # in a row (`a[1][1]...`), where the parser copies what came before
    depth: int = 600  # of the syntax tree; a chain of n operators is n deep
    set_operations: int = 100
    ctes: int = 100
    joins: int = 100
    relations: int = 100  # tables and functions in FROM, wherever they stand
    bare_joins: int = 8  # joins without ON or USING, where the parser tries both groupings
    statements: int = 200  # of a script


HARD_BYTES = 1_000_000
DEFAULT_LIMITS = SqlLimits()
SCRIPT_LIMITS = SqlLimits(
    bytes=524_288, tokens=80_000, set_operations=2_000, ctes=2_000, joins=2_000, relations=5_000, work=400_000
)
