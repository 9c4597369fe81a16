"""Bitcoin address: Base58Check with version 0 or 5, or Bech32.

Reference: Bitcoin BIP 13, BIP 173.

>>> check("1NEDqZPvTWRaoho48qXuLLsrYomMXPABfD"), check("1NEDqZPvTWRaoho47qXuLLsrYomMXPABfD")
(True, False)
"""

from __future__ import annotations

from guard.classify.published import published

SHAPE = r"9[9Aa]{25,34}|[Aa]{2}9[9Aa]{11,71}"
PASS_RATE = 0.0001
PRIOR = -7.0  # one of many numbers of this form; a word near it tells
CEILING = 12.0
CONTEXT = ("bitcoin", "btc address", "bitcoin address", "wallet address", "wallet", "比特币地址")

normalise, check, explain = published(
    "bitcoin",
    r"[13][1-9A-HJ-NP-Za-km-z]{25,34}|bc1[0-9a-z]{11,71}",
    "Base58Check with version 0 or 5, or Bech32",
    normalise=str.strip,
)
