"""The OPA server engine against a real server that is taken away, and against servers that misbehave."""

from __future__ import annotations

import itertools
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from guard.errors import ConfigError, PolicyError, PolicyUnavailableError
from guard.model import Decision, Sensitive
from guard.policy.engines.opa_address import OpaAddress
from guard.policy.engines.opa_server import OpaServerEngine
from guard.policy.entry import ENTRY_FILE
from guard.policy.pack import Pack
from tests.policy.scripted import decided, facts
from tests.policy.test_pack import RULE, write
from tests.servers.http import LoopbackServer
from tests.servers.opa import OpaProcess

PATIENCE = 20.0  # seconds until an engine must have recovered
DEADLINE = 5.0  # seconds for one decision where the test is not about time


def ask(engine: OpaServerEngine) -> Decision:
    """A doctor asks for a mobile number."""
    return decided(engine, facts("phone"), purpose="treatment")


def denial(decision: Decision) -> str:
    """The one reason of a denial for want of an engine."""
    assert decision.outcome == "deny"
    assert [gap.code for gap in decision.gaps] == ["policy_unavailable"]
    assert decision.gaps[0].help
    return decision.gaps[0].what


def until_allowed(engine: OpaServerEngine) -> None:
    """Asks until the engine has recovered; every answer before that is a denial with its reason."""
    end = time.monotonic() + PATIENCE
    while (decision := ask(engine)).outcome != "allow":
        denial(decision)
        assert time.monotonic() < end, "the engine did not recover"
        time.sleep(0.05)


@pytest.fixture
def connect(pack: Pack) -> Iterator[Callable[..., OpaServerEngine]]:
    """Opens engines on a URL and closes them after the test."""
    opened: list[OpaServerEngine] = []

    def connect(url: str, *, deadline: float = DEADLINE, rules: Pack = pack, **options: Any) -> OpaServerEngine:
        opened.append(OpaServerEngine(rules, OpaAddress.parse(url, **options), deadline=deadline))
        return opened[-1]

    yield connect
    for engine in opened:
        engine.close()


@pytest.mark.opa
def test_down_up_killed_up(opa_process: OpaProcess, connect: Callable[..., OpaServerEngine]) -> None:
    """Never started, started, killed, started again without the pack: reasoned denials, then it works by itself."""
    engine = connect(opa_process.url)
    assert denial(ask(engine)) == f"the OPA server at `{opa_process.url}` cannot be reached"
    opa_process.start()
    until_allowed(engine)
    opa_process.kill()
    assert denial(ask(engine)) == f"the OPA server at `{opa_process.url}` cannot be reached"
    opa_process.start()
    until_allowed(engine)


@pytest.mark.opa
def test_killed_in_the_middle_of_questions(opa_process: OpaProcess, connect: Callable[..., OpaServerEngine]) -> None:
    """Threads keep asking while the server is killed and comes back: every answer is an allow or a reasoned denial."""
    opa_process.start()
    engine = connect(opa_process.url)
    seen: list[str] = []
    stop = threading.Event()

    def keep_asking() -> None:
        while not stop.is_set():
            decision = ask(engine)
            seen.append(decision.outcome if decision.outcome == "allow" else denial(decision))

    threads = [threading.Thread(target=keep_asking) for _ in range(4)]
    for thread in threads:
        thread.start()
    while seen.count("allow") < 20:
        time.sleep(0.01)
    opa_process.kill()
    while not any(reason != "allow" for reason in seen):
        time.sleep(0.01)
    opa_process.start()
    until_allowed(engine)
    stop.set()
    for thread in threads:
        thread.join()
    assert {reason.split("`")[0] for reason in seen} <= {"allow", "the OPA server at "}


@pytest.mark.opa
def test_a_removed_rule_is_removed_from_the_server(
    opa_process: OpaProcess, connect: Callable[..., OpaServerEngine], tmp_path: Path
) -> None:
    """A new pack leaves nothing of the old one behind, and other policies of the server alone."""
    import httpx

    opa_process.start()
    theirs = httpx.put(f"{opa_process.url}/v1/policies/theirs", content="package theirs\n\nx := 1\n", trust_env=False)
    assert theirs.status_code == 200
    until_allowed(connect(opa_process.url))
    small = Pack.load(write(tmp_path, **{"access__one__one.rego": RULE}))
    connect(opa_process.url, rules=small).decide({"purpose": "x"})
    listed = httpx.get(f"{opa_process.url}/v1/policies", trust_env=False).json()["result"]
    assert {one["id"] for one in listed} == {"theirs", "guard/access/one/one.rego", "guard/guard_decision.rego"}


@pytest.mark.opa
def test_modules_that_need_each_other_are_put_and_replaced(
    opa_process: OpaProcess, connect: Callable[..., OpaServerEngine], tmp_path: Path
) -> None:
    """A rule and a library call functions of libraries that sort later, and the next pack changes the functions."""
    opa_process.start()
    rule = RULE.replace("if input.purpose ==", "if data.guard.lib.a.same(input.purpose) ==")
    library = "package guard.lib.a\n\nsame(x) := data.guard.lib.b.same(x)\n"
    other = "package guard.lib.b\n\nsame(x) := x\n"
    files = {"access__one__one.rego": rule, "lib__a.rego": library, "lib__b.rego": other}
    first = Pack.load(write(tmp_path / "first", **files))
    changed = {
        name: text.replace("same(x)", "same(x, 1)").replace("purpose)", "purpose, 1)") for name, text in files.items()
    }
    second = Pack.load(write(tmp_path / "second", **changed))
    for pack in (first, second, first):
        raw: Any = connect(opa_process.url, rules=pack).decide({"purpose": "x"})
        assert (raw["revision"], raw["allow"]) == (
            pack.revision,
            [{"rule": "access.one", "items": [{"message": "yes"}]}],
        )


@pytest.mark.opa
def test_two_packs_on_one_server_never_answer_for_each_other(
    opa_process: OpaProcess, connect: Callable[..., OpaServerEngine], tmp_path: Path
) -> None:
    """An answer of another revision is none: the pack is put back, or the decision is denied."""
    opa_process.start()
    first = connect(opa_process.url)
    until_allowed(first)
    small = Pack.load(write(tmp_path, **{"access__one__one.rego": RULE}))
    second = connect(opa_process.url, rules=small)
    for _ in range(5):
        try:
            raw: Any = second.decide({"purpose": "x"})
            assert raw["revision"] == small.revision
        except PolicyUnavailableError:
            pass
        decision = ask(first)
        assert decision.outcome == "allow" or denial(decision)
    until_allowed(first)


@pytest.mark.opa
def test_a_pack_that_the_server_refuses_is_an_error_at_once(opa_server: OpaProcess, tmp_path: Path) -> None:
    """The pack's shape is right, its Rego is not: file, line and OPA's complaint."""
    source = RULE.replace("input.purpose", "nosuch(input.purpose)")
    broken = Pack.load(write(tmp_path, **{"access__one__one.rego": source}))
    with pytest.raises(PolicyError) as caught:
        OpaServerEngine(broken, OpaAddress.parse(opa_server.url))
    expected = "the OPA server refuses `access/one/one.rego`:9: rego_type_error: undefined function nosuch"
    assert caught.value.message in {expected, expected.replace("rego_type_error: ", "")}


@pytest.mark.opa
def test_old_rego_is_refused_and_not_rewritten(opa_server: OpaProcess, tmp_path: Path) -> None:
    """The client package would turn Rego v0 into something else and upload that; guard does not let it."""
    broken = Pack.load(write(tmp_path, **{"access__one__one.rego": RULE + "\nold[x] { x := 1 }\n"}))
    with pytest.raises(PolicyError, match=r"refuses `access/one/one\.rego`"):
        OpaServerEngine(broken, OpaAddress.parse(opa_server.url))


@pytest.mark.opa
def test_the_token_goes_with_every_request(
    opa_binary: Path, tmp_path: Path, connect: Callable[..., OpaServerEngine]
) -> None:
    """A server with authorisation serves the right token, and the wrong one is a denial without the token in it."""
    (tmp_path / "authz.rego").write_text(
        'package system.authz\n\ndefault allow := false\n\nallow if input.identity == "s3cret"\n'
    )
    arguments = ("--authentication=token", "--authorization=basic", str(tmp_path / "authz.rego"))
    server = OpaProcess(opa_binary, tmp_path, arguments=arguments)
    server.start()
    try:
        until_allowed(connect(server.url, token=Sensitive("s3cret")))
        wrong = ask(connect(server.url, token=Sensitive("CANARY")))
        assert denial(wrong) == f"the OPA server at `{server.url}` answered with status 401"
        assert "CANARY" not in repr(wrong)
    finally:
        server.kill()


@pytest.mark.opa
def test_tls_is_checked_against_the_given_authority(
    opa_binary: Path, tmp_path: Path, connect: Callable[..., OpaServerEngine]
) -> None:
    """With the authority it works; with the system's authorities the server is a stranger and the answer a denial."""
    certificate, key = self_signed(tmp_path)
    arguments = ("--tls-cert-file", str(certificate), "--tls-private-key-file", str(key))
    server = OpaProcess(opa_binary, tmp_path, arguments=arguments, scheme="https")
    server.start()
    try:
        until_allowed(connect(server.url, ca_file=str(certificate)))
        assert denial(ask(connect(server.url))) == f"the OPA server at `{server.url}` cannot be reached"
    finally:
        server.kill()


def test_a_missing_authority_file_is_an_error_at_once(pack: Pack, tmp_path: Path) -> None:
    """A wrong path is the operator's to mend, not a reason to wait for a server."""
    address = OpaAddress.parse("https://127.0.0.1:1", ca_file=str(tmp_path / "nowhere.pem"))
    with pytest.raises(PolicyError, match="certificates for the OPA server cannot be used"):
        OpaServerEngine(pack, address)


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 that is its own authority, and its key."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "guard test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    assert ssl.create_default_context(cafile=str(paths[0]))
    return paths


# --- servers that misbehave -------------------------------------------------------------------------------


class Rogue:
    """Takes a pack as OPA does, and answers questions as the test says."""

    def __init__(self) -> None:
        self.answer: Callable[[BaseHTTPRequestHandler], None] = lambda handler: reply(handler, b'{"result": {}}')
        self.redirected = 0
        self.loads: list[str] = []  # of each load of a pack its first request and its last
        rogue = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path.startswith("/elsewhere"):
                    rogue.redirected += 1
                rogue.loads.append("first")
                reply(self, b'{"result": []}')

            def do_PUT(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                if self.path.endswith(ENTRY_FILE):
                    rogue.loads.append("last")
                reply(self, b"{}", 204 if "/data/" in self.path else 200)

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                if self.path.startswith("/elsewhere"):
                    rogue.redirected += 1
                rogue.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = LoopbackServer(Handler)
        self.url = self.server.url
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()


def reply(handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    """Sends a whole answer."""
    handler.send_response(status)
    for name, value in {"Content-Type": "application/json", **headers}.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body) if status != 204 else 0))
    handler.end_headers()
    if status != 204:
        handler.wfile.write(body)


@pytest.fixture
def rogue() -> Iterator[Rogue]:
    """A misbehaving server."""
    server = Rogue()
    yield server
    server.server.shutdown()
    server.server.server_close()


def trickle(handler: BaseHTTPRequestHandler) -> None:
    """One byte at a time, each well within any timeout of a single read."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    try:
        for _ in range(1000):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.02)
    except OSError:
        pass


def flood(handler: BaseHTTPRequestHandler) -> None:
    """More than anybody would read."""
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(1 << 30))
    handler.end_headers()
    try:
        for _ in range(1 << 10):
            handler.wfile.write(b"[" * (1 << 20))
    except OSError:
        pass


NOTHING = "says nothing on the decision"
NO_OPA = "does not speak as OPA does"
MISBEHAVIOUR: dict[str, tuple[Callable[[BaseHTTPRequestHandler], None], str]] = {
    "undefined": (lambda h: reply(h, b"{}"), NOTHING),
    "null": (lambda h: reply(h, b'{"result": null}'), NOTHING),
    "true": (lambda h: reply(h, b'{"result": true}'), NOTHING),
    "another revision": (lambda h: reply(h, b'{"result": {"revision": "x"}}'), NOTHING),
    "a list": (lambda h: reply(h, b"[]"), NO_OPA),
    "no JSON": (lambda h: reply(h, b'{"result": '), NO_OPA),
    "no text": (lambda h: reply(h, b"\xff\xfe\xff"), NO_OPA),
    "a bomb": (lambda h: reply(h, b"[" * 100_000), NO_OPA),
    "HTML": (lambda h: reply(h, b"<html>", **{"Content-Type": "text/html"}), "answered with status 200"),
    "an error": (lambda h: reply(h, b'{"result": {}}', 500), "answered with status 500"),
    "a redirect": (lambda h: reply(h, b"{}", 307, Location="/elsewhere"), "answered with a redirect"),
    "a hang-up": (lambda h: setattr(h, "close_connection", True), "cannot be reached"),
    "a flood": (flood, "answered with an answer that is too large"),
}


@pytest.mark.parametrize("name", MISBEHAVIOUR)
def test_a_server_that_misbehaves_is_a_denial(
    name: str, rogue: Rogue, connect: Callable[..., OpaServerEngine], capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever comes back, the decision is a denial that says what was wrong; a redirect is not followed."""
    rogue.answer, problem = MISBEHAVIOUR[name]
    assert problem in denial(ask(connect(rogue.url)))
    assert rogue.redirected == 0


@pytest.mark.parametrize("slow", [trickle, lambda handler: time.sleep(3)], ids=["trickle", "silence"])
def test_a_slow_server_is_cut_off_at_the_deadline(
    slow: Any, rogue: Rogue, connect: Callable[..., OpaServerEngine]
) -> None:
    """The deadline is for the whole answer, not for each byte of it."""
    rogue.answer = slow
    engine = connect(rogue.url, deadline=0.2)
    assert denial(ask(engine)) == f"the OPA server at `{rogue.url}` did not answer within 200 ms"


def test_a_slow_server_that_becomes_quick_is_used_again(
    rogue: Rogue, connect: Callable[..., OpaServerEngine], pack: Pack
) -> None:
    """A missed deadline leaves nothing behind that would spoil the next answer."""
    rogue.answer = lambda handler: time.sleep(0.5)
    engine = connect(rogue.url, deadline=0.2)
    assert "did not answer" in denial(ask(engine))
    empty = {key: [] for key in ("allow", "deny", "masks", "row_filters", "limits")}
    allow = [{"rule": "access.role_for_purpose", "items": [{"message": "yes"}]}]
    verdict = {"v": 1, "revision": pack.revision, **empty, "allow": allow}
    rogue.answer = lambda handler: reply(handler, json.dumps({"result": verdict}).encode())
    until_allowed(engine)


def test_a_faulty_server_under_many_callers(
    rogue: Rogue, connect: Callable[..., OpaServerEngine], pack: Pack, capfd: pytest.CaptureFixture[str]
) -> None:
    """Undefined, garbage, hang-ups and silence in turn, to sixteen callers at once: each is denied with the reason;
    when the server is well again, so are the answers, without anybody's doing."""
    turn = itertools.count()
    garbage = [answer for answer, problem in MISBEHAVIOUR.values() if problem != NOTHING and answer is not flood]
    garbage.append(lambda handler: time.sleep(1))
    undefined = [answer for answer, problem in MISBEHAVIOUR.values() if problem == NOTHING]
    engine = connect(rogue.url, deadline=0.2)
    reasons: list[str] = []
    # Undefined comes last: a server without the pack gets it again, and is asked nothing for a second after that.
    for faults in (garbage, undefined):
        rogue.answer = lambda handler, faults=faults: faults[next(turn) % len(faults)](handler)  # type: ignore[misc]
        with ThreadPoolExecutor(16) as pool:
            reasons += [denial(decision) for decision in pool.map(lambda _: ask(engine), range(160))]
    assert next(turn) > len(garbage)
    known = {problem for _, problem in MISBEHAVIOUR.values()} | {"did not answer within 200 ms"}
    assert [reason for reason in reasons if not any(problem in reason for problem in known)] == []
    assert {problem for problem in known if any(problem in reason for reason in reasons)} >= {NOTHING, NO_OPA}
    assert rogue.redirected == 0
    empty = {key: [] for key in ("allow", "deny", "masks", "row_filters", "limits")}
    allow = [{"rule": "access.role_for_purpose", "items": [{"message": "yes"}]}]
    verdict = {"v": 1, "revision": pack.revision, **empty, "allow": allow}
    rogue.answer = lambda handler: reply(handler, json.dumps({"result": verdict}).encode())
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: until_allowed(engine), range(16)))


def test_a_closed_engine_denies(rogue: Rogue, connect: Callable[..., OpaServerEngine]) -> None:
    """After `close`, twice, there is no answer, and it says so."""
    engine = connect(rogue.url)
    engine.close()
    engine.close()
    assert denial(ask(engine)) == "the connection to the OPA server is closed"


# --- addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("http://127.0.0.1", "http://127.0.0.1:8181"),
        ("http://localhost:9/", "http://localhost:9"),
        ("https://opa.example.com:443", "https://opa.example.com:443"),
        ("http://[::1]:8181", "http://[::1]:8181"),
    ],
)
def test_addresses_round_trip(url: str, text: str) -> None:
    """Parsing what an address prints gives the address."""
    address = OpaAddress.parse(url)
    assert str(address) == text
    assert OpaAddress.parse(text) == address


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8181",
        "ftp://127.0.0.1",
        "http://",
        "http://user:CANARY@127.0.0.1",
        "http://127.0.0.1/v1/data",
        "http://127.0.0.1?x=1",
        "http://127.0.0.1:99999",
        "http://[::1",
    ],
)
def test_addresses_with_more_or_less_than_an_address_are_refused(url: str) -> None:
    """Nothing is guessed, and a password in the URL is not repeated."""
    with pytest.raises(ConfigError) as caught:
        OpaAddress.parse(url)
    assert "CANARY" not in caught.value.diagnostics()


def test_a_token_does_not_travel_in_the_clear() -> None:
    """Only TLS or loopback."""
    token = Sensitive("CANARY")
    with pytest.raises(ConfigError, match="would travel in the clear"):
        OpaAddress.parse("http://opa.example.com:8181", token=token)
    assert "CANARY" not in repr(OpaAddress.parse("https://opa.example.com", token=token))
    assert OpaAddress.parse("http://127.0.0.1:8181", token=token).token is token


def test_a_lost_pack_is_put_back_by_one_caller_at_a_time(
    rogue: Rogue, connect: Callable[..., OpaServerEngine], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixteen see that the server lost the pack: two that put it back at once would take modules from each other."""
    monkeypatch.setattr("guard.policy.engines.opa_server.LOAD_PAUSE", 0.0)
    rogue.answer = lambda handler: reply(handler, b"{}")
    engine = connect(rogue.url)
    with ThreadPoolExecutor(16) as pool:
        assert all(NOTHING in denial(decision) for decision in pool.map(lambda _: ask(engine), range(64)))
    assert len(rogue.loads) > 2
    assert rogue.loads == ["first", "last"] * (len(rogue.loads) // 2)
