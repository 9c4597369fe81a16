"""Makes a bundle of a rule pack: what `guard rules build` writes, and what an OPA server loads."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from guard.policy.bundle import archive
from guard.policy.bundle.contents import ROOTS
from guard.policy.bundle.digest import MANIFEST
from guard.policy.bundle.signature import SIGNATURES, sign

if TYPE_CHECKING:
    from guard.policy.bundle.jws import SigningKey
    from guard.policy.pack import Pack


def build(pack: Pack, *, key: SigningKey | None = None, scope: str = "") -> bytes:
    """The bundle; equal packs and keys give equal bytes, but for ES256, whose signatures differ each time.

    The manifest's revision is the pack's. Tests travel along: whoever loads the bundle runs them before it decides.

    Args:
        pack: what goes into it.
        key: signs it.
        scope: what the signature is for; a verifier of another scope refuses it.
    """
    files = {name: text.encode() for name, text in {**pack.modules, **pack.tests}.items()}
    files["data.json"] = json.dumps(pack.data, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    manifest = {"revision": pack.revision, "roots": list(ROOTS), "rego_version": 1}
    files[MANIFEST] = json.dumps(manifest, separators=(",", ":")).encode()
    if key is not None:
        files[SIGNATURES] = sign(files, key, scope=scope)
    return archive.pack(files)
