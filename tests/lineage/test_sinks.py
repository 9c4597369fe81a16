"""Sinks: lines that survive a crash, and an endpoint that goes away and comes back."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from guard.errors import StoreError, UsageError
from guard.lineage.sinks.file import FileSink
from guard.lineage.sinks.http import HttpOptions, HttpSink
from guard.model import Sensitive
from tests.servers.http import LoopbackServer

FAST = HttpOptions(timeout=5.0, first_wait=0.01, longest_wait=0.05)


def event(number: int) -> bytes:
    """A small event."""
    return json.dumps({"number": number}).encode()


class Endpoint:
    """A real HTTP server on a free port of this machine that the test starts, stops and tells what to answer."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self.headers: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.answer = 201
        self.bad: set[int] = set()
        self._port = 0
        self._server: LoopbackServer | None = None
        self.start()

    @property
    def url(self) -> str:
        """Where it listens, also while it is down."""
        return f"http://127.0.0.1:{self._port}/api/v1/lineage"

    def start(self) -> None:
        """Comes up on the port it had."""
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                number = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["number"]
                endpoint.paths.append(self.path)
                endpoint.headers.append(dict(self.headers))
                status = 422 if number in endpoint.bad else endpoint.answer
                if status == 201:
                    endpoint.received.append(number)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Quiet."""

        self._server = LoopbackServer(Handler, self._port)
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Goes down."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@pytest.fixture
def endpoint():
    """A running endpoint."""
    endpoint = Endpoint()
    yield endpoint
    endpoint.stop()


def wait_until(condition) -> None:
    """Waits for another thread; the test's own time-out bounds it."""
    while not condition():
        threading.Event().wait(0.005)


def test_file_lines(tmp_path):
    """Each event is a line, whatever thread or sink wrote it, and is there when `emit` returns."""
    path = tmp_path / "lineage" / "events.ndjson"
    sinks = [FileSink(path), FileSink(path)]
    threads = [
        threading.Thread(
            target=lambda first=first: [sinks[first % 2].emit(event(first * 100 + at)) for at in range(25)]
        )
        for first in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = [json.loads(line)["number"] for line in path.read_text().splitlines()]
    assert sorted(numbers) == [first * 100 + at for first in range(4) for at in range(25)]
    for sink in sinks:
        sink.close()
        sink.close()
    with pytest.raises(StoreError, match="is closed"):
        sinks[0].emit(event(1))


def test_a_torn_line_spoils_no_other(tmp_path):
    """After a crash in the middle of a line the next event begins its own."""
    path = tmp_path / "events.ndjson"
    path.write_bytes(event(1) + b"\n" + event(2)[:5])
    sink = FileSink(path)
    sink.emit(event(3))
    sink.close()
    assert path.read_bytes().split(b"\n") == [event(1), event(2)[:5], event(3), b""]


@pytest.mark.parametrize("bad", [b"", b"{\n}", b"{}\n"])
def test_an_event_is_one_line(tmp_path, bad):
    """What would break the file is refused."""
    sink = FileSink(tmp_path / "e")
    with pytest.raises(UsageError, match="one line"):
        sink.emit(bad)
    sink.close()


def test_a_folder_that_cannot_be_written(tmp_path):
    """The file is named, with the system's reason."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"events` cannot be opened: "):
        FileSink(tmp_path / "file" / "events")


def test_http_in_order_with_token(tmp_path, endpoint):
    """Events arrive in order, as JSON, with the bearer token; the spool is empty afterwards."""
    sink = HttpSink(endpoint.url, tmp_path, token=Sensitive("s3cret"), options=FAST)
    for number in range(20):
        sink.emit(event(number))
    assert sink.flush(20)
    assert endpoint.received == list(range(20))
    assert {headers["Authorization"] for headers in endpoint.headers} == {"Bearer s3cret"}
    assert {headers["Content-Type"] for headers in endpoint.headers} == {"application/json"}
    assert sink.status().sent == 20
    sink.close()
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_an_endpoint_that_goes_away_and_comes_back(tmp_path, endpoint):
    """While it is down events wait in the folder; when it is back they follow by themselves, in order."""
    sink = HttpSink(endpoint.url, tmp_path, options=FAST)
    sink.emit(event(0))
    assert sink.flush(20)
    for round_ in range(3):
        endpoint.stop()
        first = 1 + 10 * round_
        for number in range(first, first + 10):
            sink.emit(event(number))
        wait_until(lambda: sink.status().last_error)
        assert sink.status().waiting == 10
        endpoint.start()
        assert sink.flush(20)
    assert endpoint.received == list(range(31))
    sink.close()


def test_a_restart_goes_on(tmp_path, endpoint):
    """What one run could not send, the next one sends first."""
    endpoint.stop()
    sink = HttpSink(endpoint.url, tmp_path, options=FAST)
    for number in range(5):
        sink.emit(event(number))
    sink.close()
    sink.close()
    with pytest.raises(StoreError, match="closed"):
        sink.emit(event(9))
    endpoint.start()
    sink = HttpSink(endpoint.url, tmp_path, options=FAST)
    sink.emit(event(5))
    assert sink.flush(20)
    sink.close()
    assert endpoint.received == list(range(6))


@pytest.mark.parametrize("status", [500, 503, 429, 401, 404, 302, 307])
def test_other_answers_are_tried_again(tmp_path, endpoint, status):
    """Server errors, rate limits, missing rights and redirects lose nothing; a redirect is never followed."""
    endpoint.answer = status
    sink = HttpSink(endpoint.url, tmp_path, options=FAST)
    sink.emit(event(1))
    wait_until(lambda: f"status {status}" in sink.status().last_error)
    assert (sink.status().waiting, sink.status().sent) == (1, 0)
    endpoint.answer = 201
    assert sink.flush(20)
    assert endpoint.received == [1]
    assert set(endpoint.paths) == {"/api/v1/lineage"}
    sink.close()


def test_an_event_that_is_refused_does_not_block_the_others(tmp_path, endpoint):
    """One that the endpoint will never take is counted and let go."""
    endpoint.bad = {1}
    sink = HttpSink(endpoint.url, tmp_path, options=FAST)
    for number in range(3):
        sink.emit(event(number))
    assert sink.flush(20)
    assert endpoint.received == [0, 2]
    status = sink.status()
    assert (status.sent, status.refused, status.last_error) == (2, 1, "status 422")
    sink.close()


def test_the_spool_is_bounded(tmp_path, endpoint):
    """A full folder drops new events, counts them, and never more than the bound stands on disk."""
    endpoint.stop()
    options = HttpOptions(timeout=5.0, first_wait=0.01, longest_wait=0.05, spool_events=3)
    sink = HttpSink(endpoint.url, tmp_path / "a", options=options)
    for number in range(10):
        sink.emit(event(number))
    assert (sink.status().waiting, sink.status().dropped) == (3, 7)
    sink.close()
    options = HttpOptions(timeout=5.0, first_wait=0.01, longest_wait=0.05, spool_bytes=100)
    sink = HttpSink(endpoint.url, tmp_path / "b", options=options)
    for number in range(100):
        sink.emit(event(number))
    assert sum(path.stat().st_size for path in (tmp_path / "b").glob("*.json")) <= 100
    assert sink.status().waiting + sink.status().dropped == 100
    sink.close()
    endpoint.start()
    sink = HttpSink(endpoint.url, tmp_path / "a", options=FAST)
    assert sink.flush(20)
    sink.close()
    assert endpoint.received == [0, 1, 2]


def test_emit_does_not_wait_for_the_network(tmp_path, endpoint, monkeypatch):
    """With a sender that never answers, emit still returns."""
    gate = threading.Event()
    monkeypatch.setattr(HttpSink, "_send", lambda self, client, name: gate.wait() and "stopped")
    sink = HttpSink(endpoint.url, tmp_path, options=FAST)
    for number in range(50):
        sink.emit(event(number))
    assert sink.status().waiting == 50
    gate.set()
    sink.close()


def test_the_clock_does_not_decide_the_order(tmp_path, endpoint, monkeypatch):
    """A clock that runs backwards between events leaves their order."""
    endpoint.stop()
    times = iter(range(1_000_000, 0, -1))
    monkeypatch.setattr("guard.lineage.sinks.http.time.time_ns", lambda: next(times))
    sink = HttpSink(endpoint.url, tmp_path, options=FAST)
    for number in range(20):
        sink.emit(event(number))
    endpoint.start()
    assert sink.flush(20)
    sink.close()
    assert endpoint.received == list(range(20))


def test_one_sink_a_folder(tmp_path, endpoint):
    """Two senders would send twice: the second is refused."""
    sink = HttpSink(endpoint.url, tmp_path, options=FAST)
    with pytest.raises(StoreError, match="another process sends from it"):
        HttpSink(endpoint.url, tmp_path, options=FAST)
    sink.close()


@pytest.mark.parametrize(
    "url", ["", "ftp://host/x", "http://", "http://user:CANARY@host/", "http://CANARY@host/", "http://[::1", "host:80"]
)
def test_endpoints_that_are_refused(tmp_path: Path, url):
    """Only http and https, and no secret in the URL; the message does not repeat it."""
    with pytest.raises(UsageError) as caught:
        HttpSink(url, tmp_path)
    assert "CANARY" not in caught.value.diagnostics()
