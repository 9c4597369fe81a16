"""Regular expressions: two matchers that agree, and no pattern that explodes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.policy.rego.re2 import PatternError, compile_pattern, machine
from guard.policy.rego.re2.syntax import parse

atoms = st.sampled_from(["a", "b", "[ab]", "[^a]", ".", "^", "$", r"\b", "(a)", "(?:ab)"])
patterns = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(
            st.sampled_from(["a", "b", "[ab]", "(a)", "(?:ab|b)"]),
            st.sampled_from(["*", "+", "?", "*?", "+?", "{1,2}"]),
        ).map("".join),
    ),
    max_leaves=5,
)


@given(patterns, st.text("ab\n", max_size=8))
@settings(max_examples=500)
def test_the_automaton_finds_what_backtracking_finds(pattern, text):
    """The bounds of match and groups are those of Python's own matcher, where both have the same syntax."""
    parsed = parse(pattern)
    found = machine.search(machine.assemble(parsed.root), 2 * (parsed.groups + 1), text, 0)
    wanted = re.search(pattern.replace("$", r"\Z"), text)
    assert found == (None if wanted is None else tuple(place for bounds in wanted.regs for place in bounds))


@given(patterns, st.text("ab\n", max_size=8))
@settings(max_examples=300)
def test_the_fast_matcher_finds_what_the_automaton_finds(pattern, text):
    """Whichever matcher a pattern gets, the answer is the automaton's."""
    compiled = compile_pattern(pattern)
    parsed = parse(pattern)
    assert compiled.search(text) == machine.search(machine.assemble(parsed.root), 2 * (parsed.groups + 1), text, 0)


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*$", "(a|aa)+$", "(.*)*x", "(a*)*b", "(?:a?){50}a{50}", "((a*)*)*b"]
)
def test_explosive_patterns_run_on_the_automaton(pattern):
    """A pattern that backtracking takes exponential time for is never given to it."""
    compiled = compile_pattern(pattern)
    assert compiled._python is None or compiled._ways(2000) * 2000 > 2_000_000
    compiled.search("a" * 1000 + "!")  # ends: the test's own time limit holds it


@pytest.mark.parametrize(
    ("pattern", "cause"),
    [
        (r"(a)\1", "backreferences are not supported"),
        ("a(?=b)", "look-ahead is not supported"),
        ("a(?!b)", "look-ahead is not supported"),
        ("(?<=a)b", "look-behind is not supported"),
        ("(?<!a)b", "look-behind is not supported"),
        ("(?>a)", "invalid or unsupported group syntax"),
        ("(?#x)", "invalid or unsupported group syntax"),
        ("a++", "invalid nested repetition operator"),
        ("(", "missing closing"),
        ("a)", "unexpected"),
        ("[a", "missing closing"),
        ("*a", "missing argument"),
        ("a{1001}", "invalid repeat count"),
        (r"\C", "invalid escape"),
        (r"\pQ", "unknown character class"),
        ("(a{1000}){1000}", "too large"),
        ("a" * 20_000, "too long"),
        ("(" * 200 + ")" * 200, "nested too deeply"),
    ],
)
def test_what_is_refused(pattern, cause):
    """What RE2 does not have, or what is too large, is an error that says so."""
    with pytest.raises(PatternError, match=cause):
        compile_pattern(pattern)
