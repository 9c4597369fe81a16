"""What must never decide: each bad pack, bundle and input is an error with file, line and cure, and never an allow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guard.errors import PolicyError, PolicyUnavailableError
from guard.model import Sensitive
from guard.policy.bundle import archive
from guard.policy.bundle.build import build
from guard.policy.bundle.jws import SigningKey, VerificationKey
from guard.policy.engines.embedded import EmbeddedEngine
from guard.policy.pack import MAX_FILE_BYTES, Pack
from guard.policy.rego import Limits
from tests.policy.scripted import decided, facts
from tests.policy.test_pack import RULE, write

HUNDRED_MB = 100 << 20
HEAD = 'allow contains {"message": "yes"} if input.purpose == data.config.purpose'
ENDLESS = """allow contains {"message": "yes"} if {
\tcount([1 | some a in numbers.range(1, 5000); some b in numbers.range(1, 5000); a == b]) > 0
}"""
ONE = "access/one/one.rego"
CIRCLE = [f"`data.guard.access.one.{name}`" for name in ("again", "other", "again")]


def rule(body: str) -> str:
    """The good rule with another body; its first line is line 9."""
    assert HEAD in RULE
    return RULE.replace(HEAD, body)


LOADING = {
    "a rule that does not parse": (
        rule(HEAD.replace("if input", "if { input")),
        f"{ONE}:9: `{{` is not closed",
        "close it",
    ),
    "an unknown builtin": (
        rule('allow contains {"message": "yes"} if no.such(input.purpose)'),
        f"{ONE}:9: unknown function `no.such`",
        "correct the name",
    ),
    "an unsafe variable": (
        rule('allow contains {"message": "yes"} if {\n\tinput.purpose\n\tnobody > 1\n}'),
        f"{ONE}:11: a variable in `guard.access.one.allow` is unsafe: nothing gives it a value before it is used",
        "bind the variable",
    ),
    "recursion": (
        rule(f'{HEAD}\n\nagain := other\n\nother := again\n\nallow contains {{"message": "no"}} if again'),
        f"{ONE}:11: the rule is recursive: {' -> '.join(CIRCLE)}",
        "break the circle",
    ),
}


@pytest.mark.parametrize("name", LOADING)
def test_a_bad_rule_is_refused_when_it_is_loaded(name: str, tmp_path: Path) -> None:
    """No engine comes of it; the error names file and line and says what to do."""
    text, message, cure = LOADING[name]
    with pytest.raises(PolicyError) as caught:
        EmbeddedEngine(Pack.load(write(tmp_path, **{"access__one__one.rego": text})))
    assert caught.value.message == message
    assert cure in caught.value.help


DECIDING = {
    "a conflict": (
        rule(
            'value := 1 if input.purpose\n\nvalue := 2 if input.purpose\n\nallow contains {"message": "yes"} if value'
        ),
        f"the rule pack failed on this input: {ONE}:11: the rule `guard.access.one.value` gave two different values",
        "make the bodies exclude each other",
    ),
    "an endless comprehension": (
        rule(ENDLESS),
        f"the rule pack failed on this input: {ONE}:10: the evaluation took more steps than it may",
        "bound the loop in the rule",
    ),
}


@pytest.mark.parametrize("name", DECIDING)
def test_a_rule_that_fails_on_an_input_denies(name: str, tmp_path: Path) -> None:
    """The error names file and line and says what to do; the decision is a denial that repeats it."""
    text, message, cure = DECIDING[name]
    engine = EmbeddedEngine(Pack.load(write(tmp_path, **{"access__one__one.rego": text})))
    asked = {"context": {"time": "2026-01-01T00:00:00Z"}, "purpose": "x"}
    with pytest.raises(PolicyUnavailableError) as caught:
        engine.decide(asked)
    assert caught.value.message == message
    assert cure in caught.value.help
    decision = decided(engine, facts("phone"), purpose="x")
    assert (decision.outcome, [gap.what for gap in decision.gaps]) == ("deny", [message])


def ed25519() -> tuple[bytes, bytes]:
    """A private key and its public one, as PEM."""
    key = Ed25519PrivateKey.generate()
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    public = key.public_key()
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    return private, public.public_bytes(serialization.Encoding.PEM, info)


def test_a_bundle_with_a_wrong_signature_is_refused(tmp_path: Path) -> None:
    """Signed by a stranger: no engine comes of it; the error names the bundle and says what to do."""
    pack = Pack.load(write(tmp_path / "pack"))
    path = tmp_path / "rules.tar.gz"
    path.write_bytes(build(pack, key=SigningKey(Sensitive(ed25519()[0]), "EdDSA")))
    with pytest.raises(PolicyError) as caught:
        Pack.load(path, key=VerificationKey(Sensitive(ed25519()[1]), "EdDSA"))
    assert caught.value.message == f"the bundle `{path}` is refused: the signature does not fit the key"
    assert caught.value.help


def bundle_with_data(folder: Path) -> Path:
    """A bundle whose `data.json` is 100 MB; packed it is small."""
    files = archive.unpack(build(Pack.load(write(folder / "pack"))), name="b")
    files["data.json"] = b'{"config": {"purpose": "' + b"x" * HUNDRED_MB + b'"}}'
    path = folder / "rules.tar.gz"
    path.write_bytes(archive.pack(files))
    return path


def folder_with_data(folder: Path) -> Path:
    """A pack in a folder whose data file is 100 MB, of which nearly all is a hole."""
    write(folder)
    with (folder / "config" / "data.yaml").open("wb") as file:
        file.write(b"purpose: x\n")
        file.truncate(HUNDRED_MB)
    return folder


LARGE: dict[str, tuple[Callable[[Path], Path], str, str]] = {
    "in a folder": (folder_with_data, f"`config/data.yaml` is larger than {MAX_FILE_BYTES} bytes", "split it"),
    "in a bundle": (
        bundle_with_data,
        f"the bundle `{{path}}` holds more than {archive.MAX_UNPACKED_BYTES} bytes",
        "keep large tables in the database",
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_data_document_of_100_mb_is_refused(name: str, tmp_path: Path) -> None:
    """It is not even read to its end; the error names it and says what to do."""
    make, message, cure = LARGE[name]
    path = make(tmp_path)
    with pytest.raises(PolicyError) as caught:
        Pack.load(path)
    assert caught.value.message == message.replace("{path}", str(path))
    assert cure in caught.value.help


def test_the_limit_is_what_ends_an_endless_comprehension(tmp_path: Path) -> None:
    """Seeded fault: with a limit that is never reached the same kind of rule would allow."""
    text = rule(ENDLESS.replace("5000", "50"))
    policy = Pack.load(write(tmp_path, **{"access__one__one.rego": text})).compile()
    verdict = policy.evaluate("guard/decision", {}, {"config": {}})
    assert isinstance(verdict, dict)
    assert verdict["allow"][0]["items"] == [{"message": "yes"}]
    assert policy.limits == Limits()
