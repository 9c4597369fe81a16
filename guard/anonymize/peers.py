"""What other tools call the things that transforms do: for who moves a set of rules here. A test holds it complete.

Sources: Google Sensitive Data Protection, `PrimitiveTransformation` and `TransformationType`; Apache Ranger, the mask
types of the Hive service definition; presidio-anonymizer 2.2, the operators of its factories.
"""

from __future__ import annotations

from guard.model import Value


class Peer(Value, frozen=True):
    """One operator of another tool: `ours` are transforms, or `keep` and `drop`; empty where guard offers none."""

    tool: str
    name: str
    ours: tuple[str, ...]
    how: str


GOOGLE, RANGER, PRESIDIO = "Google", "Ranger", "presidio"

PEERS = (
    Peer(
        GOOGLE, "RECORD_SUPPRESSION", ("sample", "small_groups"), "any transform under `rows` of a plan leaves rows out"
    ),
    Peer(GOOGLE, "REPLACE_VALUE", ("constant",), ""),
    Peer(GOOGLE, "REPLACE_DICTIONARY", ("replace_word",), "chosen by a key, so that it is the same everywhere"),
    Peer(GOOGLE, "REDACT", ("redact", "null", "drop"), ""),
    Peer(GOOGLE, "CHARACTER_MASK", ("partial",), "by kind: `name`, `email`, `address`"),
    Peer(
        GOOGLE,
        "CRYPTO_REPLACE_FFX_FPE",
        ("ff1", "ff1_resident_id", "ff1_bank_card", "ff1_mobile"),
        "with the floor of 10^6 values",
    ),
    Peer(GOOGLE, "FIXED_SIZE_BUCKETING", ("generalise_number", "round"), ""),
    Peer(GOOGLE, "BUCKETING", ("buckets", "generalise"), ""),
    Peer(GOOGLE, "REPLACE_WITH_INFO_TYPE", ("free_text",), "`replace: kind`"),
    Peer(GOOGLE, "TIME_PART", ("time_part", "date_year", "date_quarter", "date_month"), ""),
    Peer(GOOGLE, "CRYPTO_HASH", ("pseudonym", "pseudonym_cmac"), "never without a key"),
    Peer(GOOGLE, "DATE_SHIFT", ("date_shift",), "`by` is its context field"),
    Peer(GOOGLE, "CRYPTO_DETERMINISTIC_CONFIG", ("siv",), ""),
    Peer(GOOGLE, "REDACT_IMAGE", (), "guard reads no images"),
    Peer(RANGER, "MASK", ("redact", "partial"), "`partial` keeps the length"),
    Peer(RANGER, "MASK_SHOW_LAST_4", ("partial",), "`last: 4`"),
    Peer(RANGER, "MASK_SHOW_FIRST_4", ("partial", "truncate"), "`first: 4`"),
    Peer(RANGER, "MASK_HASH", ("pseudonym",), "never without a key"),
    Peer(RANGER, "MASK_NULL", ("null",), ""),
    Peer(RANGER, "MASK_NONE", ("keep",), ""),
    Peer(RANGER, "MASK_DATE_SHOW_YEAR", ("date_year",), ""),
    Peer(
        RANGER,
        "CUSTOM",
        ("expression", "generalise", "buckets", "replace_word"),
        "`{col}` in a closed grammar, no free SQL; by row: a mask with [cases](policy-input.md#masks-with-cases)",
    ),
    Peer(PRESIDIO, "replace", ("constant", "free_text"), ""),
    Peer(PRESIDIO, "redact", ("redact", "drop"), ""),
    Peer(PRESIDIO, "mask", ("partial",), "`char`, `first`, `last`"),
    Peer(PRESIDIO, "hash", ("pseudonym", "pseudonym_cmac"), "the same everywhere, and not to be looked up"),
    Peer(PRESIDIO, "encrypt", ("siv", "gcm"), "authenticated"),
    Peer(PRESIDIO, "decrypt", ("siv", "gcm", "ff1"), "`guard reidentify`, under a grant"),
    Peer(PRESIDIO, "keep", ("keep",), ""),
    Peer(PRESIDIO, "deanonymize_keep", ("keep",), ""),
    Peer(PRESIDIO, "custom", (), "a new file in `guard/anonymize/transforms`; a plan holds no code"),
    Peer(PRESIDIO, "surrogate_ahds", ("fake_name", "fake_address", "fake_company", "fake_email"), "on this machine"),
)


def table() -> str:
    """The Markdown table."""
    head = "| tool | there | here | note |\n|---|---|---|---|\n"
    return head + "".join(
        f"| {peer.tool} | `{peer.name}` | {', '.join(f'`{name}`' for name in peer.ours) or '-'} | {peer.how} |\n"
        for peer in PEERS
    )
