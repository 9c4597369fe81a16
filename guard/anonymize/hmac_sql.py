"""HMAC-SHA256 (RFC 2104) out of an engine's SHA-256, so that a database computes pseudonyms itself.

The two key pads are bound as parameters and never stand in the SQL text. They are as secret as the key: whoever can
read the bound parameters of a statement (the server's memory, or its log where it logs parameters) can compute
pseudonyms of guesses for this one purpose, use and version.

MariaDB's driver writes bound values into the text that it sends, so there the pads stand in the server's own view of
its statements (`SHOW PROCESSLIST`, a general or slow log), which only its administrators may read.

SQLite has no SHA-256: its source registers the deterministic function `guard_sha256(blob) -> blob`.
"""

from __future__ import annotations

import hashlib

from sqlglot import exp

from guard.anonymize import mariadb_sql
from guard.anonymize.sql_functions import call, part, string
from guard.anonymize.sql_types import Dialect
from guard.model import Sensitive
from guard.sql.masking import Parameters

BLOCK_BYTES = 64  # of SHA-256
SQLITE_FUNCTION = "guard_sha256"


def pads(key: Sensitive[bytes]) -> tuple[Sensitive[bytes], Sensitive[bytes]]:
    """The inner and the outer pad of a key."""
    inner, outer = (
        Sensitive(bytes(byte ^ pad for byte in key.reveal().ljust(BLOCK_BYTES, b"\0"))) for pad in (0x36, 0x5C)
    )
    return inner, outer


def sha256(data: bytes) -> bytes:
    """What a SQLite source registers as `guard_sha256`."""
    return hashlib.sha256(data).digest()


def hmac_hex(
    message: exp.Expression, key: Sensitive[bytes], *, dialect: Dialect, parameters: Parameters
) -> exp.Expression:
    """The HMAC-SHA256 of a text's UTF-8 bytes, as 64 lower-case hexadecimal digits; null for null."""
    if dialect == "mysql":
        return mariadb_sql.hmac_hex(message, *(parameters.bind(pad) for pad in pads(key)))
    blob = exp.DataType.build("VARBINARY")
    inner, outer = (exp.Cast(this=parameters.bind(pad), to=blob.copy()) for pad in pads(key))
    if dialect == "postgres":
        digest = call("SHA256", _chain(outer, call("SHA256", _chain(inner, _utf8(message)))))
        return call("ENCODE", digest, string("hex"))
    if dialect == "duckdb":  # its sha256 answers in hexadecimal
        return call("SHA256", _chain(outer, call("UNHEX", call("SHA256", _chain(inner, call("ENCODE", message))))))
    # SQLite's || makes a text of blobs without touching the bytes; CAST gives the blob back.
    body = exp.Cast(this=message.copy(), to=blob.copy())
    once = call(SQLITE_FUNCTION, exp.Cast(this=_chain(inner, body), to=blob.copy()))
    twice = call(SQLITE_FUNCTION, exp.Cast(this=_chain(outer, once), to=blob.copy()))
    return call("LOWER", call("HEX", twice))


def _utf8(message: exp.Expression) -> exp.Expression:
    return call("CONVERT_TO", message, string("UTF8"))


def _chain(left: exp.Expression, right: exp.Expression) -> exp.Expression:
    return exp.DPipe(this=left.copy(), expression=right.copy(), safe=False)


def digits(hexadecimal: exp.Expression, count: int, dialect: Dialect) -> exp.Expression:
    """`count` decimal digits out of hexadecimal ones: a to f become 0 to 5."""
    head = part(hexadecimal, 1, count)
    if dialect not in {"sqlite", "mysql"}:
        return call("TRANSLATE", head, string("abcdef"), string("012345"))
    for letter, digit in zip("abcdef", "012345", strict=True):
        head = call("REPLACE", head, string(letter), string(digit))
    return head


NUMBER_HEX = 15  # hexadecimal digits: 60 bits, which every engine's 64-bit integers hold


def number(hexadecimal: exp.Expression, dialect: Dialect) -> exp.Expression:
    """The first 15 hexadecimal digits as a whole number, 0 to 2^60 - 1."""
    head = part(hexadecimal, 1, NUMBER_HEX)
    if dialect == "postgres":
        bits = exp.Cast(this=_chain(string("x"), head), to=exp.DataType.build("BIT(60)", dialect="postgres"))
        return exp.Cast(this=bits, to=exp.DataType.build("BIGINT"))
    if dialect == "mysql":
        return mariadb_sql.whole_number(head)
    if dialect == "duckdb":
        return exp.Cast(this=_chain(string("0x"), head), to=exp.DataType.build("BIGINT"))
    total: exp.Expression | None = None
    for place in range(NUMBER_HEX):  # SQLite reads no hexadecimal text
        digit = exp.Sub(
            this=call("INSTR", string("0123456789abcdef"), part(hexadecimal, place + 1, 1)),
            expression=exp.Literal.number(1),
        )
        weight = exp.Literal.number(16 ** (NUMBER_HEX - 1 - place))
        term = exp.Mul(this=exp.Paren(this=digit), expression=weight)
        total = term if total is None else exp.Add(this=total, expression=term)
    return exp.Paren(this=total)
