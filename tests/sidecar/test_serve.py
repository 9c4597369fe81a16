"""`guard serve` as a program: where it listens, how it stops, what it writes."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

import guard
from guard.errors import AuditError
from tests.sidecar import certificates
from tests.sidecar.conftest import ROOT, TOKEN, Program, ask, make_project, service, start

SLOW = (
    "SELECT count(*) FROM residents a, residents b, residents c, residents d, residents e, residents f, residents g,"
    " residents h, residents i, residents j, residents k, residents l, residents m WHERE a.id + b.id + m.id > {}"
)
MASKED = [["王小明", "李芳"], ["138****1234", "139****2345"]]


def columns(response: httpx.Response) -> list[list[object]]:
    return [column["values"] for column in response.json()["columns"]]


def test_it_serves_and_stops_on_sigterm(tmp_path: Path, programs: list[Program]) -> None:
    """Not ready at once, the request in flight finishes, the record is whole, the exit code is 0."""
    folder = make_project(tmp_path)
    program = start(folder)
    programs.append(program)
    address = program.address
    assert httpx.get(f"{address}/health/ready").json()["ready"] is True
    assert columns(httpx.post(f"{address}/v1/query", json=ask())) == MASKED

    answers: list[httpx.Response] = []
    body = ask(SLOW.format(3))
    flying = threading.Thread(target=lambda: answers.append(httpx.post(f"{address}/v1/query", json=body, timeout=60)))
    flying.start()
    time.sleep(0.2)  # it is being answered
    program.process.terminate()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and httpx.get(f"{address}/health/ready").status_code != 503:
        time.sleep(0.01)
    assert httpx.get(f"{address}/health/ready").status_code == 503
    assert httpx.get(f"{address}/health/live").status_code == 200
    flying.join()
    assert program.process.wait(60) == 0
    assert answers[0].status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/health/live")
    with guard.open(folder=folder, operator="tests") as opened:
        report = opened.audit.verify()
        assert report.size == answers[0].json()["entry"] + 1


def test_requests_at_once_and_the_log_beside_them(tmp_path: Path, programs: list[Program]) -> None:
    """32 threads get right answers while the log is verified again and again; no error is written."""
    program = start(make_project(tmp_path))
    programs.append(program)
    with httpx.Client(base_url=program.address, timeout=60) as client, ThreadPoolExecutor(33) as pool:
        verified = pool.submit(lambda: [client.get("/v1/audit/verify").json()["verified"] for _ in range(5)])
        answers = list(pool.map(lambda _number: client.post("/v1/query", json=ask()), range(128)))
    assert [columns(answer) for answer in answers] == [MASKED] * 128
    assert len({answer.json()["entry"] for answer in answers}) == 128
    assert verified.result() == [True] * 5
    assert program.stop() == 0
    assert [json.loads(line)["event"] for line in program.lines] == ["sidecar.serving"]


def test_nothing_that_was_sent_is_written(tmp_path: Path, programs: list[Program]) -> None:
    """Values, SQL literals, tokens and garbage leave no trace on stderr nor in the state folder."""
    folder = make_project(tmp_path, 'token = "env:TEST_TOKEN"\n')
    program = start(folder, TEST_TOKEN=TOKEN)
    programs.append(program)
    headers = {"authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=program.address, headers=headers, timeout=60) as client:
        client.post(
            "/v1/query",
            json=ask("SELECT phone FROM residents WHERE xm = 'canary-1' AND id = :i", parameters={"i": "canary-2"}),
        )
        client.post("/v1/query", json=ask("SELECT 'canary-1' FRM residents"))
        client.post("/v1/query", json={**ask(), "source": "canary-3"})
        client.post("/v1/classify", json={"text": "canary-4 13800001234"})
        client.post("/v1/anonymize", json={"rows": [{"a": "canary-5"}], "plan": {}})
        client.get("/canary-6?canary-6=1", headers={"authorization": "Bearer canary-7-0123456789"})
        client.post("/v1/query", content=b"canary-8\xff", headers={"content-type": "application/json"})
        client.get("/v1/lineage", params={"field": "canary-9"})
    port = int(program.address.rpartition(":")[2])
    for garbage in (b"\x16\x03\x01canary\r\n\r\n", b"GET / HTTP/1.1\r\ncanary\r\n\r\n", b"canary" * 20_000):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(garbage)
            connection.settimeout(1)
            with contextlib.suppress(OSError):
                connection.recv(1000)
    assert httpx.get(f"{program.address}/health/live").status_code == 200
    assert program.stop() == 0
    assert "canary" not in program.stderr
    assert "13800001234" not in program.stderr
    for path in (folder / ".guard").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"canary" not in content, path
            assert b"13800001234" not in content, path


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "example.org"])
def test_it_does_not_listen_to_strangers(tmp_path: Path, host: str) -> None:
    """Any address but loopback needs a token or client certificates: exit code 2 and the cure."""
    done = serve_once(make_project(tmp_path, f'host = "{host}"\n'))
    assert done.returncode == 2
    assert "without authentication" in done.stderr
    assert "help: set `serve.token" in done.stderr


@pytest.mark.parametrize(
    ("serve", "environment", "message"),
    [
        ('token = "env:TEST_TOKEN"\n', {"TEST_TOKEN": "canary"}, "shorter than 16 bytes"),
        ('token = "env:TEST_TOKEN"\n', {}, "`TEST_TOKEN` is not set"),
        ('tls_client_ca = "ca.pem"\n', {}, "`serve.tls_cert` is missing"),
        ('tls_cert = "none.pem"\n', {}, "cannot be used: No such file"),
        ('tls_cert = "guard.toml"\n', {}, "cannot be used"),
    ],
)
def test_what_cannot_be_served_safely_is_not_served(
    tmp_path: Path, serve: str, environment: dict[str, str], message: str
) -> None:
    """A weak or missing token and certificate files that do not fit end with 2 and the cause."""
    done = serve_once(make_project(tmp_path, serve), **environment)
    assert done.returncode == 2
    assert message in done.stderr
    assert "canary" not in done.stderr


def test_a_taken_port_is_an_error(tmp_path: Path) -> None:
    """The port stands in the message, and the cure beside it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = serve_once(make_project(tmp_path), "--port", str(port))
    assert done.returncode == 2
    assert f"cannot listen on `127.0.0.1:{port}`" in done.stderr


def test_a_broken_rule_pack_stops_the_start(tmp_path: Path) -> None:
    """The file and the line of the fault are named; nothing listens."""
    shutil.copytree(ROOT / "rules", tmp_path / "rules")
    folder = make_project(tmp_path)
    broken = tmp_path / "rules" / "policy" / "access" / "unknown_role" / "unknown_role.rego"
    broken.write_text(broken.read_text() + "\ndeny contains {\n")
    line = broken.read_text().count("\n")
    text = (folder / "guard.toml").read_text()
    (folder / "guard.toml").write_text(f'rules = "rules"\n{text}')
    done = serve_once(folder)
    assert done.returncode == 2
    assert "unknown_role.rego" in done.stderr
    assert any(f":{number}" in done.stderr or f"line {number}" in done.stderr for number in (line - 1, line, line + 1))


def test_tls_and_client_certificates(tmp_path: Path, programs: list[Program]) -> None:
    """With an authority of clients only its certificates get in, on any address, without a token."""
    certificates.make(tmp_path)
    serve = 'host = "0.0.0.0"\ntls_cert = "server.pem"\ntls_key = "server.key"\ntls_client_ca = "ca.pem"\n'
    program = start(make_project(tmp_path, serve))
    programs.append(program)
    assert program.address.startswith("https://0.0.0.0:"), program.stderr
    address = program.address.replace("0.0.0.0", "127.0.0.1")

    def client(name: str) -> httpx.Client:
        context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        if name:
            context.load_cert_chain(tmp_path / f"{name}.pem", tmp_path / f"{name}.key")
        return httpx.Client(verify=context, timeout=30)

    with client("client") as known:
        assert columns(known.post(f"{address}/v1/query", json=ask())) == MASKED
    for name in ("", "stranger"):
        with client(name) as unknown, pytest.raises(httpx.TransportError):
            unknown.post(f"{address}/v1/query", json=ask())
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{address.replace('https', 'http')}/health/live")
    assert program.stop() == 0
    assert "Traceback" not in program.stderr


def test_tls_with_a_token(tmp_path: Path, programs: list[Program]) -> None:
    """The server proves who it is by its certificate, the caller by the token."""
    certificates.make(tmp_path)
    serve = 'token = "env:TEST_TOKEN"\ntls_cert = "server.pem"\ntls_key = "server.key"\n'
    program = start(make_project(tmp_path, serve), TEST_TOKEN=TOKEN)
    programs.append(program)
    context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    with httpx.Client(base_url=program.address, verify=context, timeout=30) as client:
        assert client.post("/v1/query", json=ask()).status_code == 401
        headers = {"authorization": f"Bearer {TOKEN}"}
        assert columns(client.post("/v1/query", json=ask(), headers=headers)) == MASKED
    assert program.stop() == 0


def test_ready_only_while_the_log_takes_entries(tmp_path: Path) -> None:
    """When the log cannot be written the sidecar says so, and answers no query."""
    with service(make_project(tmp_path)) as local:
        assert local.client.get("/health/ready").status_code == 200
        local.guard.parts.log.close()
        assert local.client.get("/health/ready").status_code == 503
        refused = local.client.post("/v1/query", json=ask())
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, AuditError.code)
        assert local.client.get("/health/live").status_code == 200


def test_a_database_that_went_away_is_502(tmp_path: Path) -> None:
    """The source's own fault is told apart from guard's, and leaves the sidecar standing."""
    folder = make_project(tmp_path)
    with service(folder) as local:
        assert local.client.post("/v1/query", json=ask()).status_code == 200
        (folder / "crm.db").rename(folder / "gone.db")
        assert local.client.post("/v1/query", json=ask()).status_code == 502
        (folder / "gone.db").rename(folder / "crm.db")
        assert local.client.post("/v1/query", json=ask()).status_code == 200


def test_importing_the_sidecar_configures_nothing() -> None:
    """structlog and logging belong to the program that imports; only `serve` sets them up."""
    code = (
        "import logging, structlog, guard.sidecar.serve;"
        "assert not structlog.is_configured() and not logging.getLogger().handlers"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def serve_once(folder: Path, *options: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A `guard serve` that is expected to end by itself."""
    command = [sys.executable, "-c", "from guard.cli.main import main; main()", "serve"]
    return subprocess.run(
        [*command, "--config", str(folder / "guard.toml"), *options],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
