"""Evidence in bits: log-odds to base two, which add up, and the probability they stand for."""

from __future__ import annotations

from math import exp2, lgamma, log, log2

MOST_BITS = 20.0  # one in a million; more certainty than this is not to be had from samples
_FRACTIONS = (1.0, 0.8, 0.5, 0.2, 0.05, 0.005, 0.001)  # how much of a column may be of the kind
_FRACTION_COST = (0.0, 1.0, 2.0, 3.5, 5.0, 7.0, 9.0)  # bits: a column is mostly one thing


def probability(bits: float) -> float:
    """The probability of log-odds `bits`.

    >>> probability(0.0), probability(1.0)
    (0.5, 0.6666666666666666)
    """
    return 1.0 / (1.0 + exp2(-bits))


def clip(bits: float, most: float = MOST_BITS) -> float:
    """`bits` held within `-most` and `most`."""
    return max(-most, min(most, bits))


def rarity(pass_rate: float) -> float:
    """The bits that one passing value gives: how rare it is that chance passes.

    >>> rarity(0.125)
    3.0
    """
    return min(MOST_BITS, -log2(pass_rate))


def of_values(hits: float, misses: float, pass_rate: float, recall: float = 0.98) -> float:
    """Bits for "a part of this column is of the kind" against "none is, and hits are chance".

    Of the kind with share p, a value passes with probability p + (1 - p) * rate; by chance, with the rate alone. The
    best share counts, less the bits that an unusual share costs. A rate above one in fifty is itself uncertain (real
    columns are not random strings), so small shares are then not considered.

    Args:
        hits: distinct values that pass the detector.
        misses: distinct values that do not.
        pass_rate: the chance that a value of the shape passes.
        recall: the share of true values that pass.

    >>> of_values(100, 0, 0.1) > 10 > 0 > of_values(10, 90, 0.1)
    True
    >>> of_values(10, 90, 1e-5) > 10
    True
    """
    rate = min(max(pass_rate, 1e-7), 0.95)
    best = -MOST_BITS
    for share, cost in zip(_FRACTIONS, _FRACTION_COST, strict=True):
        if share < 0.8 and rate > 0.02:
            break
        passing = share * recall + (1.0 - share) * rate
        hit = log2(passing / rate)
        miss = log2((1.0 - passing) / (1.0 - rate))
        best = max(best, hits * hit + misses * miss - cost)
    return best


def of_few(hits: float, misses: float, pass_rate: float) -> float:
    """Bits for "a small part of this column is of the kind", from the values of its form alone.

    In a column of remarks three telephone numbers stand out: other values cannot pass, so they do not count. Of the
    values of the form any share may be of the kind, each as likely as another; that a column of other things holds
    such values at all costs as much as the smallest share in `of_values`.

    Args:
        hits: distinct values that pass the detector.
        misses: distinct values of a form that the detector reads, which do not pass.
        pass_rate: the chance that a value of the form passes.

    >>> of_few(1, 0, 1e-6) > 9 > 0 > of_few(1, 300, 1e-6)
    True
    >>> of_few(1, 0, 1e-3) < 0 < of_few(3, 0, 1e-3)
    True
    """
    rate = min(max(pass_rate, 1e-7), 0.95)
    ways = lgamma(hits + 1) + lgamma(misses + 1) - lgamma(hits + misses + 2)
    # By chance `hits` pass and `misses` do not; ways is the mean of share^hits (1 - share)^misses over all shares.
    return ways / log(2) - hits * log2(rate) - misses * log2(1.0 - rate) - _FRACTION_COST[-1]


def upper_bound(looked_at: int) -> float:
    """With nothing found in so many values, at most this share is sensitive at 95 % confidence.

    The exact form of the rule of three: the largest share for which seeing none still has a chance of 5 %.

    >>> round(upper_bound(1000), 5)
    0.00299
    >>> upper_bound(0)
    1.0
    """
    return 1.0 if looked_at <= 0 else float(1.0 - 0.05 ** (1.0 / looked_at))
