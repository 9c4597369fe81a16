"""Bundles: what guard builds OPA runs, what OPA builds guard reads, and a wrong signature loads nothing."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from guard.errors import ConfigError, PolicyError
from guard.model import Sensitive
from guard.policy.bundle import archive
from guard.policy.bundle.build import build
from guard.policy.bundle.jws import ALGORITHMS, Algorithm, SigningKey, VerificationKey
from guard.policy.bundle.signature import SIGNATURES, sign, verify
from guard.policy.pack import Pack
from tests.policy.conftest import RULES
from tests.servers.opa import OpaProcess

SECRET = b"a secret of the tests with forty bytes.."


@pytest.fixture(scope="module")
def pairs() -> dict[Algorithm, tuple[bytes, bytes]]:
    """A private and a public key of each algorithm."""
    keys = {
        "RS256": rsa.generate_private_key(65537, 2048),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    }
    found: dict[Algorithm, tuple[bytes, bytes]] = {"HS256": (SECRET, SECRET)}
    for name, key in keys.items():
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        found[name] = (private, public)  # type: ignore[index]
    return found


def signing(pairs: dict[Algorithm, tuple[bytes, bytes]], algorithm: Algorithm) -> SigningKey:
    """The signing half."""
    return SigningKey(Sensitive(pairs[algorithm][0]), algorithm)


def verifying(pairs: dict[Algorithm, tuple[bytes, bytes]], algorithm: Algorithm, *, scope: str = "") -> VerificationKey:
    """The checking half."""
    return VerificationKey(Sensitive(pairs[algorithm][1]), algorithm, scope=scope)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_signed_bundle_is_the_pack(
    algorithm: Algorithm, pairs: dict[Algorithm, tuple[bytes, bytes]], pack: Pack, tmp_path: Path
) -> None:
    """Built, signed, checked and read, it is the same pack of the same revision, tests included."""
    path = tmp_path / "b.tar.gz"
    path.write_bytes(build(pack, key=signing(pairs, algorithm)))
    read = Pack.load(path, key=verifying(pairs, algorithm))
    assert (read.revision, read.files, read.tests, read.data, read.rules) == (
        pack.revision,
        pack.files,
        pack.tests,
        pack.data,
        pack.rules,
    )


def test_equal_packs_give_equal_bundles(pack: Pack) -> None:
    """Nothing of the machine or the hour is in a bundle."""
    assert build(pack) == build(Pack.load(RULES))


@pytest.mark.opa
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_opa_builds_and_guard_reads(
    algorithm: Algorithm, pairs: dict[Algorithm, tuple[bytes, bytes]], pack: Pack, opa_binary: Path, tmp_path: Path
) -> None:
    """`opa build` with a signature of each algorithm gives the pack, whatever paths it wrote."""
    private = tmp_path / "private.pem"
    private.write_bytes(pairs[algorithm][0])
    key = pairs[algorithm][0].decode() if algorithm == "HS256" else str(private)
    made = tmp_path / "opa.tar.gz"
    subprocess.run(
        [opa_binary, "build", "-b", RULES / "policy", "--signing-alg", algorithm, "--signing-key", key, "-o", made],
        check=True,
    )
    assert Pack.load(made, key=verifying(pairs, algorithm)).revision == pack.revision


@pytest.mark.opa
def test_a_server_runs_what_guard_builds(
    pairs: dict[Algorithm, tuple[bytes, bytes]], pack: Pack, opa_binary: Path, tmp_path: Path
) -> None:
    """A real OPA server checks the signature, loads the bundle and answers with its revision."""
    import httpx

    (tmp_path / "public.pem").write_bytes(pairs["ES256"][1])
    (tmp_path / "b.tar.gz").write_bytes(build(pack, key=signing(pairs, "ES256")))
    arguments = ("--verification-key", "public.pem", "--signing-alg", "ES256", "-b", "b.tar.gz")
    server = OpaProcess(opa_binary, tmp_path, arguments=arguments)
    server.start()
    try:
        asked = {
            "v": 1,
            "subject": {"id": "u", "roles": ["doctor"], "attributes": {}},
            "action": "select",
            "purpose": "treatment",
            "context": {"source": "s", "time": "2026-01-01T00:00:00Z"},
            "tables": [],
            "label_sets": [],
        }
        url = f"{server.url}/v1/data/guard/decision"
        answer = httpx.post(url, json={"input": asked}, trust_env=False).json()["result"]
    finally:
        server.kill()
    assert answer["revision"] == pack.revision
    assert [group["rule"] for group in answer["allow"] if group["items"]] == ["access.role_for_purpose"]


def changed(pack: Pack, key: SigningKey, name: str, content: bytes | None) -> bytes:
    """A signed bundle with one file changed, added or (None) taken away after it was signed."""
    files = archive.unpack(build(pack, key=key), name="b")
    if content is None:
        del files[name]
    else:
        files[name] = content
    return archive.pack(files)


RULE = "access/secret_level/secret_level.rego"
FAULTS = {
    f"`{RULE}` of the bundle is not the file that was signed": (RULE, b"package guard.access.secret_level\n"),
    f"`{RULE}` was signed and is missing from the bundle": (RULE, None),
    "`lib/more.rego` of the bundle is not covered by its signature": ("lib/more.rego", b"package guard.lib.more\n"),
    "`data.json` of the bundle is not the file that was signed": ("data.json", b'{"config": {}}'),
    "the bundle is not signed, and a key is configured": (SIGNATURES, None),
    "the signature is no signed token": (SIGNATURES, b'{"signatures": ["a.b"]}'),
    "`.signatures.json` of the bundle is not readable": (SIGNATURES, b'{"signatures": '),
    "the bundle has 0 signatures, not one": (SIGNATURES, b'{"signatures": []}'),
}


@pytest.mark.parametrize("problem", FAULTS)
def test_a_changed_bundle_loads_nothing(
    problem: str, pairs: dict[Algorithm, tuple[bytes, bytes]], pack: Pack, tmp_path: Path
) -> None:
    """Every file is covered by the signature: changed, added, taken away, all are refused by name."""
    path = tmp_path / "b.tar.gz"
    path.write_bytes(changed(pack, signing(pairs, "EdDSA"), *FAULTS[problem]))
    with pytest.raises(PolicyError) as caught:
        Pack.load(path, key=verifying(pairs, "EdDSA"))
    assert caught.value.message == f"the bundle `{path}` is refused: {problem}"
    assert caught.value.help


def test_another_key_another_algorithm_another_scope(pairs: dict[Algorithm, tuple[bytes, bytes]], pack: Pack) -> None:
    """A signature counts under its own key, algorithm and scope only; a public key is never an HMAC secret."""
    files = archive.unpack(build(pack), name="b")
    files[SIGNATURES] = sign(files, signing(pairs, "ES256"), scope="read")
    stranger = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = stranger.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    verify(files, verifying(pairs, "ES256", scope="read"))
    wrong = {
        "the signature does not fit the key": VerificationKey(Sensitive(pem), "ES256", scope="read"),
        "the signature is not made with EdDSA": verifying(pairs, "EdDSA", scope="read"),
        "the bundle is signed for another scope": verifying(pairs, "ES256", scope="write"),
    }
    for problem, key in wrong.items():
        with pytest.raises(PolicyError, match=problem):
            verify(files, key)
    with pytest.raises(ConfigError, match="a PEM key is given for HS256"):
        VerificationKey(Sensitive(pairs["ES256"][1]), "HS256")


def test_a_signed_bundle_needs_a_key(pairs: dict[Algorithm, tuple[bytes, bytes]], pack: Pack, tmp_path: Path) -> None:
    """A signature that nobody can check is not passed over in silence, nor is a folder taken for a bundle."""
    path = tmp_path / "b.tar.gz"
    path.write_bytes(build(pack, key=signing(pairs, "HS256")))
    with pytest.raises(PolicyError, match="is signed, and no key is given"):
        Pack.load(path)
    with pytest.raises(PolicyError, match="is not a signed bundle, and a key is configured"):
        Pack.load(RULES, key=verifying(pairs, "HS256"))


def test_what_is_no_bundle(pack: Pack, tmp_path: Path) -> None:
    """Bytes, a bomb, too much data, strange files, packages, roots and JSON: each a clear error, never a pack."""
    good = archive.unpack(build(pack), name="b")
    path = tmp_path / "b.tar.gz"

    def problem(content: bytes) -> str:
        path.write_bytes(content)
        with pytest.raises(PolicyError) as caught:
            Pack.load(path)
        assert caught.value.help
        return caught.value.message.replace(str(path), "B")

    def with_file(name: str, content: bytes) -> str:
        return problem(archive.pack({**good, name: content}))

    import gzip

    assert problem(b"PK\x03\x04") == "`B` is not a bundle: no gzipped tar"
    assert problem(gzip.compress(bytes(100 << 20))) == f"the bundle `B` holds more than {64 << 20} bytes"
    hundred = json.dumps({"config": {"x": ["a" * 1000] * 102_400}}).encode()
    assert with_file("data.json", hundred) == f"the bundle `B` holds more than {64 << 20} bytes"
    assert with_file("data.json", hundred[: 20 << 20]) == f"`data.json` of the bundle is larger than {16 << 20} bytes"
    assert with_file("a.sh", b"") == "`a.sh` does not belong into a bundle of a rule pack"
    assert with_file("data.json", b'{"a": 1, "a": 2}') == "`data.json` of the bundle is not JSON, or names a key twice"
    assert with_file("data.json", b"[" * 200_000) == "`data.json` of the bundle is not JSON, or names a key twice"
    assert with_file("data.json", b'{"users": {}}') == "the bundle `B` brings data on `users`"
    assert with_file("x.rego", b"package system.log\n") == (
        "`x.rego` of the bundle has a package that is none of a rule pack's"
    )
    assert with_file(".manifest", b'{"rego_version": 0}') == "the bundle is written in Rego v0"
