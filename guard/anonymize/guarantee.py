"""What a transform promises about the values that it leaves behind."""

from __future__ import annotations

from guard.model import State, Value


class Guarantee(Value, frozen=True):
    """The promise of one transform with its parameters; the tests hold every transform to it.

    Attributes:
        state: how exposed the values are afterwards (design, section 4).
        shows: in words, all that a reader of one output can know of its input. Two inputs that agree in this
            have the same output: that is the property which `tests/anonymize/test_guarantees.py` checks.
        keyed: a secret key takes part; without the key the output cannot be computed from a guessed input.
        reversible: the key holder can get the input back from the output alone.
        injective: different inputs have different outputs, up to the collision bound that `notes` gives.
        notes: what the promise rests on, and its limits.
    """

    state: State
    shows: str
    keyed: bool = False
    reversible: bool = False
    injective: bool = False
    notes: tuple[str, ...] = ()
