"""`.signatures.json`: one signed token that lists every file of the bundle with its digest."""

from __future__ import annotations

import json
from collections.abc import Mapping

import msgspec

from guard.errors import PolicyError
from guard.policy.bundle.digest import digest
from guard.policy.bundle.jws import SigningKey, VerificationKey

SIGNATURES = ".signatures.json"
_HELP = "get the bundle from its maker again; a changed bundle is never loaded"


class _File(msgspec.Struct, frozen=True):
    name: str
    hash: str
    algorithm: str


class _Payload(msgspec.Struct, frozen=True):
    files: tuple[_File, ...]
    scope: str = ""


class _Signatures(msgspec.Struct, frozen=True):
    signatures: tuple[str, ...]


# Made here, under the lock of the import: msgspec crashes when two threads are the first to use a type.
_PAYLOAD = msgspec.json.Decoder(_Payload)
_SIGNATURES = msgspec.json.Decoder(_Signatures)


def sign(files: Mapping[str, bytes], key: SigningKey, *, scope: str = "") -> bytes:
    """The content of `.signatures.json` over all `files` (path in the bundle to content)."""
    listed = [
        {"name": name, "hash": digest(name, content, "SHA-256"), "algorithm": "SHA-256"}
        for name, content in sorted(files.items())
    ]
    payload = {"files": listed, **({"scope": scope} if scope else {})}
    token = key.sign(json.dumps(payload, separators=(",", ":")).encode())
    return json.dumps({"signatures": [token]}, indent=1).encode()


def verify(files: Mapping[str, bytes], key: VerificationKey) -> None:
    """Checks a bundle as it was read: the signature is right, and covers exactly its files.

    Raises:
        PolicyError: there is no signature, it is wrong, or a file is changed, missing or not listed.
    """
    if SIGNATURES not in files:
        raise PolicyError("the bundle is not signed, and a key is configured", help="build it with a signing key")
    try:
        tokens = _SIGNATURES.decode(files[SIGNATURES]).signatures
    except (msgspec.DecodeError, RecursionError):
        raise PolicyError(f"`{SIGNATURES}` of the bundle is not readable", help=_HELP) from None
    if len(tokens) != 1:
        raise PolicyError(f"the bundle has {len(tokens)} signatures, not one", help=_HELP)
    try:
        payload = _PAYLOAD.decode(key.open(tokens[0]))
    except (msgspec.DecodeError, RecursionError):
        raise PolicyError("the signature of the bundle lists no files", help=_HELP) from None
    if payload.scope != key.scope:
        raise PolicyError("the bundle is signed for another scope", help="configure the scope it is signed for")
    listed = {one.name.removeprefix("/"): one for one in payload.files}
    for name, content in files.items():
        if name == SIGNATURES:
            continue
        one = listed.pop(name, None)
        if one is None:
            raise PolicyError(f"`{name}` of the bundle is not covered by its signature", help=_HELP)
        if digest(name, content, one.algorithm) != one.hash.lower():
            raise PolicyError(f"`{name}` of the bundle is not the file that was signed", help=_HELP)
    if listed:
        raise PolicyError(f"`{min(listed)}` was signed and is missing from the bundle", help=_HELP)
