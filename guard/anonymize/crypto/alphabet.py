"""Alphabets: characters as numerals, one value at a time and by the column."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from guard.anonymize.crypto.feistel import MAX_RADIX, MIN_RADIX
from guard.errors import PlanError, TransformError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.uint64]

DIGITS = "0123456789"
ALPHANUMERIC = "0123456789abcdefghijklmnopqrstuvwxyz"  # radix 36, in the order of SP 800-38G
NAMED = {"digits": DIGITS, "alphanumeric": ALPHANUMERIC, "ALPHANUMERIC": ALPHANUMERIC.upper()}


class Alphabet:
    """Different characters in order; the position of a character is its numeral.

    >>> Alphabet("0123456789").numerals("042")
    [0, 4, 2]
    """

    def __init__(self, characters: str) -> None:
        if not MIN_RADIX <= len(characters) <= MAX_RADIX or len(set(characters)) != len(characters):
            msg = f"an alphabet is not {MIN_RADIX} to {MAX_RADIX} different characters"
            raise PlanError(msg, help=f"name one of {', '.join(NAMED)}, or list each character once")
        if any(0xD800 <= ord(character) < 0xE000 or character == "\0" for character in characters):
            msg = "an alphabet holds a character that no text can hold"
            raise PlanError(msg, help="leave out NUL and halves of surrogate pairs")
        self.characters = characters
        self.radix = len(characters)
        self._numeral = {character: numeral for numeral, character in enumerate(characters)}

    @property
    def ascii(self) -> bool:
        """True when each character is one byte."""
        return self.characters.isascii()

    def holds(self, text: str) -> bool:
        """True for a text that is made of its characters."""
        return all(character in self._numeral for character in text)

    def number(self, text: str) -> int:
        """The number that a text is in this radix.

        Raises:
            TransformError: a character is not in the alphabet.
        """
        if self.characters == DIGITS and text.isascii() and text.isdigit():
            return int(text)
        number = 0
        for numeral in self.numerals(text):
            number = number * self.radix + numeral
        return number

    def numerals(self, text: str) -> list[int]:
        """The numerals of a text.

        Raises:
            TransformError: a character is not in the alphabet.
        """
        try:
            return [self._numeral[character] for character in text]
        except KeyError:
            pass
        raise outside()

    def text(self, number: int, length: int) -> str:
        """The text of so many characters that a number is."""
        if self.characters == DIGITS:
            return f"{number:0{length}d}"
        found = []
        for _ in range(length):
            number, numeral = divmod(number, self.radix)
            found.append(self.characters[numeral])
        return "".join(reversed(found))

    @cached_property
    def _tables(self) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
        import numpy as np

        codes = np.array([ord(character) for character in self.characters], np.uint32)
        table = np.full(max(int(codes.max()) + 2, 257), -1, np.int32)  # the last place stands for all codes above
        table[codes] = np.arange(self.radix, dtype=np.int32)
        return codes, table

    def parse(self, matrix: NDArray[Any]) -> tuple[Numbers, NDArray[np.bool_] | None]:
        """The number in each row of a matrix of character codes, and which rows hold something else (None: none do)."""
        import numpy as np

        from guard.anonymize.crypto import digits

        if self.characters == DIGITS and matrix.dtype == np.uint8 and matrix.shape[1] <= digits.MAX_WIDTH:
            return digits.parse(matrix)
        table = self._tables[1]
        numerals = table.take(matrix, mode="clip")
        outside_: NDArray[np.bool_] = np.any(numerals < 0, axis=1)
        numbers = np.zeros(len(matrix), np.uint64)
        for column in range(matrix.shape[1]):
            numbers *= np.uint64(self.radix)
            numbers += numerals[:, column].astype(np.uint64)
        return numbers, outside_ if outside_.any() else None

    def write(self, numbers: Numbers, out: NDArray[Any]) -> None:
        """Prints each number into a row of character codes."""
        import numpy as np

        from guard.anonymize.crypto import digits

        if self.characters == DIGITS and out.dtype == np.uint8 and out.shape[1] <= digits.MAX_WIDTH:
            digits.write(numbers, out)
            return
        codes, radix = self._tables[0], np.uint64(self.radix)
        for column in range(out.shape[1] - 1, -1, -1):
            left = numbers // radix
            out[:, column] = codes.take(numbers - left * radix)
            numbers = left


def alphabet(name: str) -> Alphabet:
    """The alphabet of a name, or of the characters given.

    Raises:
        PlanError: not a name, and not different characters.
    """
    return Alphabet(NAMED.get(name, name))


def outside() -> TransformError:
    """The error of a value with a character that is not in the alphabet."""
    msg = "a value holds a character that is not in the alphabet"
    return TransformError(msg, help="widen `alphabet`, clean the column, or set `others: null`")
