"""crypto.*: digests and HMACs. MD5 and SHA-1 are here because policies compare with what others computed."""

from __future__ import annotations

import hashlib
import hmac

from guard.policy.rego.builtins.encoding import octets_of
from guard.policy.rego.builtins.registry import builtin


@builtin("crypto.md5", "string")
def md5(text: str) -> str:
    """MD5, in hexadecimal."""
    return hashlib.md5(octets_of(text), usedforsecurity=False).hexdigest()


@builtin("crypto.sha1", "string")
def sha1(text: str) -> str:
    """SHA-1, in hexadecimal."""
    return hashlib.sha1(octets_of(text), usedforsecurity=False).hexdigest()


@builtin("crypto.sha256", "string")
def sha256(text: str) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(octets_of(text)).hexdigest()


@builtin("crypto.hmac.md5", "string", "string")
def hmac_md5(text: str, key: str) -> str:
    """HMAC-MD5, in hexadecimal."""
    return hmac.new(octets_of(key), octets_of(text), "md5").hexdigest()


@builtin("crypto.hmac.sha1", "string", "string")
def hmac_sha1(text: str, key: str) -> str:
    """HMAC-SHA-1, in hexadecimal."""
    return hmac.new(octets_of(key), octets_of(text), "sha1").hexdigest()


@builtin("crypto.hmac.sha256", "string", "string")
def hmac_sha256(text: str, key: str) -> str:
    """HMAC-SHA-256, in hexadecimal."""
    return hmac.new(octets_of(key), octets_of(text), "sha256").hexdigest()


@builtin("crypto.hmac.sha512", "string", "string")
def hmac_sha512(text: str, key: str) -> str:
    """HMAC-SHA-512, in hexadecimal."""
    return hmac.new(octets_of(key), octets_of(text), "sha512").hexdigest()


@builtin("crypto.hmac.equal", "string", "string")
def hmac_equal(a: str, b: str) -> bool:
    """True when two codes are equal; takes the same time whatever they hold."""
    return hmac.compare_digest(octets_of(a), octets_of(b))
