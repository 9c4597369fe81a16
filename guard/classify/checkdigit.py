"""Check-digit arithmetic that several detectors share; the published standard is named at each function.

Kept beside python-stdnum, which has most of them, because a column scan calls these once per value and these are
three to ten times as fast; the tests hold both to the same answers.
"""

from __future__ import annotations

from collections.abc import Sequence

_DOUBLED = str.maketrans("0123456789", "0246813579")
_ORD_0 = 48


def luhn(number: str) -> bool:
    """ISO/IEC 7812-1 annex B: the weighted digit sum is a multiple of ten; `number` is ASCII digits.

    >>> luhn("79927398713"), luhn("79927398710")
    (True, False)
    """
    odd = number[-1::-2]
    even = number[-2::-2].translate(_DOUBLED)
    return (sum(odd.encode()) + sum(even.encode()) - _ORD_0 * len(number)) % 10 == 0


def mod_11_2(number: str) -> bool:
    """ISO 7064 MOD 11-2 over digits with a final digit or `X`.

    The weights 7 9 10 5 8 4 2 1 6 3 7 9 10 5 8 4 2 of GB 11643 are powers of two modulo 11; reading the digits
    as a number in base 13 (= 2 modulo 11) gives the same sum in one call.

    >>> mod_11_2("11010519491231002X"), mod_11_2("110105194912310021")
    (True, False)
    """
    return "10X98765432"[(2 * int(number[:-1], 13)) % 11] == number[-1]


def mod_11_10(number: str) -> bool:
    """ISO 7064 MOD 11,10 over digits, check digit last.

    >>> mod_11_10("110108000000016"), mod_11_10("110108000000017")
    (True, False)
    """
    product = 10
    for digit in number[:-1]:
        product = ((product + int(digit)) % 10 or 10) * 2 % 11
    return (product + int(number[-1])) % 10 == 1


def weighted(values: Sequence[int], weights: Sequence[int]) -> int:
    """The sum of products.

    >>> weighted((1, 2), (3, 4))
    11
    """
    return sum(value * weight for value, weight in zip(values, weights, strict=True))
