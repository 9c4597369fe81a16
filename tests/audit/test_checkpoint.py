"""Signed tree heads: one accepted spelling, and the way back to the text."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from guard.audit import checkpoint, keys
from guard.errors import IntegrityError
from guard.model import Checkpoint
from tests.audit.logs import OTHER, SIGNER

CASES = yaml.safe_load((Path(__file__).parents[1] / "cases" / "audit" / "checkpoints.yml").read_text())

names = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="+"), min_size=1, max_size=40)
signatures = st.builds(
    lambda name, raw: f"{name} {base64.b64encode(raw).decode()}", names, st.binary(min_size=6, max_size=80)
)
heads = st.builds(
    Checkpoint,
    origin=names,
    size=st.integers(0, 2**63 - 1),
    root=st.binary(min_size=32, max_size=32),
    signatures=st.lists(signatures, min_size=1, max_size=16).map(tuple),
)


@given(heads)
def test_round_trip(head):
    """Reading what was written gives the same value, and writing it the same text."""
    note = checkpoint.text(head)
    assert checkpoint.parse(note) == head
    assert checkpoint.text(checkpoint.parse(note)) == note


def test_the_specification_s_own_example():
    """The example of C2SP tlog-checkpoint reads."""
    head = checkpoint.parse(CASES["good"])
    assert (head.origin, head.size, len(head.root), len(head.signatures)) == ("example.org/log", 20852163, 32, 1)
    assert checkpoint.text(head) == CASES["good"]


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: case["why"])
def test_other_spellings_are_refused(case):
    """One thing wrong, and it is not a checkpoint."""
    assert case["from"] in CASES["good"]
    with pytest.raises(IntegrityError, match="not a checkpoint"):
        checkpoint.parse(CASES["good"].replace(case["from"], case["to"], 1 if case["from"] != "\n" else -1))


@given(st.text(max_size=300))
def test_any_text_is_refused_in_one_way(text):
    """No text makes the parser fail otherwise; a checkpoint is not found by chance."""
    with pytest.raises(IntegrityError, match="not a checkpoint"):
        checkpoint.parse(text)


def test_sixteen_signatures_are_read_and_seventeen_refused():
    """The specification's least maximum is ours."""
    one = "example.org/log Az3grlgtzPI="
    sixteen = Checkpoint("o", 1, bytes(32), (one,) * 16)
    assert checkpoint.parse(checkpoint.text(sixteen)) == sixteen
    with pytest.raises(IntegrityError, match="1 to 16"):
        checkpoint.parse(checkpoint.text(Checkpoint("o", 1, bytes(32), (one,) * 17)))


def test_an_endless_note_is_refused():
    """The size is capped before anything is read."""
    with pytest.raises(IntegrityError, match="longer than"):
        checkpoint.parse(CASES["good"] + "x" * checkpoint.MAX_NOTE)


def test_signature_holds_only_for_its_key_and_text():
    """The right key verifies; another key, size, root or origin does not; unknown signatures beside it are ignored."""
    head = keys.sign(SIGNER, 5, b"r" * 32)
    SIGNER.public.verify(head)
    witness = Checkpoint(head.origin, head.size, head.root, (*head.signatures, "witness.example Az3grlgtzPI="))
    SIGNER.public.verify(witness)
    wrong = [
        Checkpoint(head.origin, 6, head.root, head.signatures),
        Checkpoint(head.origin, head.size, b"s" * 32, head.signatures),
        Checkpoint("example.org/other", head.size, head.root, head.signatures),
        Checkpoint(head.origin, head.size, head.root, ("witness.example Az3grlgtzPI=",)),
        keys.sign(OTHER, 5, b"r" * 32),
    ]
    for each in wrong:
        with pytest.raises(IntegrityError):
            SIGNER.public.verify(each)
