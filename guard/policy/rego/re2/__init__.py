"""Regular expressions in RE2's syntax, matched in time linear in the text.

    search = compile_pattern(r"^(\\d{3})-\\d+$")
    search("138-0013", 0) -> (0, 8, 0, 3), the bounds of the match and of each group, or None

RE2 syntax only (https://github.com/google/re2/wiki/Syntax): no backreferences and no look-around, because no
matcher can run them in bounded time. A pattern whose worst case on the given text is known to be small runs on
Python's `re`, which is much faster; every other runs on a simulation of the automaton (`machine`), which looks at
each character once. Both find the leftmost match, alternatives in their order, as Go does.
"""

from guard.policy.rego.re2.pattern import Pattern, compile_pattern
from guard.policy.rego.re2.syntax import PatternError

__all__ = ["Pattern", "PatternError", "compile_pattern"]
