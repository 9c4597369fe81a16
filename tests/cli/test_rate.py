"""`guard scan --rate`: the promise is printed, and what is no share is refused."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from guard.cli.options import rate_of
from guard.errors import UsageError


def test_the_promise_is_told(guard):
    """On the last line, and as keys for programs."""
    done = guard("scan", "sqlite:///crm.db", "--rate", "1/100", "--confidence", "0.9")
    assert "a kind in 1/100 of the cells is found with probability 0.9 (798 rows a table)" in done.out
    record = json.loads(guard("scan", "sqlite:///crm.db", "--rate", "1%", "--format", "json").out)
    assert (record["rate"], record["confidence"], record["sample"]) == ("1/100", 0.95, 913)


@pytest.mark.parametrize("options", [("--rate", "often"), ("--rate", "1/1000", "--sample", "10"), ("--rate", "1e-9")])
def test_what_no_sample_can_promise_is_a_usage_error(guard, options):
    """Exit code 2."""
    assert guard("scan", "sqlite:///crm.db", *options).code == 2


@pytest.mark.parametrize("text", ["1/1000", "0.001", "0.1%", "1e-3", " 1/1000 "])
def test_ways_to_write_a_share(text):
    """All the same number, without rounding."""
    assert rate_of(text) == Fraction(1, 1000)


@pytest.mark.parametrize("text", ["0", "1", "-1/2", "1/0", "nan", "100%", "%", "1" * 40, "1e999999999"])
def test_what_is_no_share(text):
    """Between nothing and everything, and no number that takes long to read."""
    with pytest.raises(UsageError):
        rate_of(text)
