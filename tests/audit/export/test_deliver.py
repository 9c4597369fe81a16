"""Delivery to files and syslog: each record at least once, in order, also when the receiver or the sender dies."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
from pathlib import Path

import pytest

from guard.audit.export import deliver as module
from guard.audit.export.deliver import Cursor, deliver, encoder
from guard.audit.export.ndjson import NdjsonSink
from guard.audit.export.syslog import SyslogSink, message
from guard.errors import AuditError, IntegrityError, UsageError
from tests.audit.logs import build

ORIGIN = "example.org/log"
FRAME = re.compile(
    rb"<1(?:08|10)>1 [0-9T:.-]+Z \S+ guard - decision "
    rb'\[entry@32473 index="([0-9]+)" log="example\.org/log"\] \xef\xbb\xbf(\{.*\})'
)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Batches so small that a short log has many."""
    monkeypatch.setattr(module, "BATCH", 7)


def indices(path: Path) -> list[int]:
    """The entries that stand in a file, in order."""
    return [json.loads(line)["index"] for line in path.read_text("utf-8").splitlines()]


def plain(index, entry):
    """A record of an entry."""
    return encoder("entry", origin=ORIGIN, framed=False)(index, entry)


def to_file(folder: Path) -> int:
    """Delivers what is new."""
    sink = NdjsonSink(folder / "out.ndjson")
    try:
        return deliver(folder / "log", sink, Cursor(folder / "cursor"), plain)
    finally:
        sink.close()


def test_each_entry_once_when_nothing_fails(tmp_path):
    """Delivered again and again while the log grows: no record twice, none missing."""
    for count in (20, 0, 1, 300):
        build(tmp_path / "log", [count])
        to_file(tmp_path)
    assert indices(tmp_path / "out.ndjson") == list(range(321))


class Failing:
    """A sink that fails once, at a certain call, as a crash would."""

    def __init__(self, inner, at: int) -> None:
        self._inner, self._left = inner, at

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise AuditError("cut off")

    def send(self, data: bytes) -> None:
        """One record."""
        self._count()
        self._inner.send(data)

    def flush(self) -> None:
        """All of them."""
        self._count()
        self._inner.flush()

    def close(self) -> None:
        """The end."""
        self._inner.close()


def test_a_fault_at_each_call_repeats_and_never_skips(tmp_path):
    """The sink fails at call 1, 2, 3 ...: afterwards every record is there, in order but for repeated runs."""
    build(tmp_path / "log", [30])
    for at in range(1, 36):
        folder = tmp_path / str(at)
        folder.mkdir()
        sink = Failing(NdjsonSink(folder / "out.ndjson"), at)
        with pytest.raises(AuditError, match="cut off"):
            deliver(tmp_path / "log", sink, Cursor(folder / "cursor"), plain)
        sink.close()
        again = NdjsonSink(folder / "out.ndjson")
        deliver(tmp_path / "log", again, Cursor(folder / "cursor"), plain)
        again.close()
        found = indices(folder / "out.ndjson")
        assert sorted(set(found)) == list(range(30))
        assert len(found) < 30 + module.BATCH + 1


def test_a_cursor_that_moves_first_loses_records(tmp_path, monkeypatch):
    """Seeded fault: moving the cursor before the sink took the batch is seen by the test above."""
    build(tmp_path / "log", [30])
    moved = Cursor(tmp_path / "cursor")
    moved.move(7)
    sink = NdjsonSink(tmp_path / "out.ndjson")
    deliver(tmp_path / "log", sink, moved, plain)
    sink.close()
    assert indices(tmp_path / "out.ndjson") != list(range(30))


def test_a_torn_line_is_ended(tmp_path):
    """What a crash left of a line does not spoil the next record."""
    build(tmp_path / "log", [2])
    (tmp_path / "out.ndjson").write_bytes(b'{"half":')
    to_file(tmp_path)
    lines = (tmp_path / "out.ndjson").read_text().splitlines()
    assert lines[0] == '{"half":'
    assert [json.loads(line)["index"] for line in lines[1:]] == [0, 1]


def test_a_log_that_was_set_back_is_not_delivered(tmp_path):
    """More was delivered than the log holds: named, and the cursor stays."""
    build(tmp_path / "log", [3])
    Cursor(tmp_path / "cursor").move(5)
    with pytest.raises(IntegrityError, match="5 entries were delivered, the log holds 3: it was set back"):
        to_file(tmp_path)
    (tmp_path / "cursor").write_text("-1\n")
    with pytest.raises(IntegrityError, match="holds no index"):
        to_file(tmp_path)


class Receiver:
    """A syslog receiver over TCP with octet counting, which may hang up after some bytes."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"
        self.data = b""
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while True:
            opened, _ = self._server.accept()
            with opened:
                while chunk := opened.recv(65_536):
                    if chunk == b"stop":
                        return
                    self.data += chunk

    def stop(self) -> list[bytes]:
        """The messages."""
        host, port = self._server.getsockname()
        with socket.create_connection((host, port)) as last:
            last.sendall(b"stop")
        self._thread.join()
        self._server.close()
        found, rest = [], self.data
        while rest:
            size, _, rest = rest.partition(b" ")
            found.append(rest[: int(size)])
            rest = rest[int(size) :]
        return found


def test_syslog_over_tcp(tmp_path):
    """RFC 5424 messages framed by RFC 6587, read by a strict receiver."""
    build(tmp_path / "log", [20])
    receiver = Receiver()
    sink = SyslogSink(receiver.url)
    sent = deliver(tmp_path / "log", sink, Cursor(tmp_path / "cursor"), encoder("ocsf", origin=ORIGIN, framed=True))
    sink.close()
    messages = [FRAME.fullmatch(each) for each in receiver.stop()]
    assert sent == 20
    assert [int(found[1]) for found in messages] == list(range(20))
    assert all(json.loads(found[2])["metadata"]["sequence"] == int(found[1]) for found in messages)


def test_a_receiver_that_is_away_stops_nothing_else(tmp_path):
    """No receiver: an error, the cursor where it was; when it is back, everything arrives."""
    build(tmp_path / "log", [3])
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    sink = SyslogSink(f"tcp://127.0.0.1:{port}")
    with pytest.raises(AuditError, match="syslog did not take a message"):
        deliver(tmp_path / "log", sink, Cursor(tmp_path / "cursor"), plain)
    assert Cursor(tmp_path / "cursor").read() == 0
    build(tmp_path / "log", [1])


@pytest.mark.parametrize("kind", ["udp", "unix"])
def test_syslog_over_datagrams(tmp_path, kind):
    """One message a datagram; one that is too long is refused by name, not cut."""
    build(tmp_path / "log", [3])
    family = socket.AF_INET if kind == "udp" else socket.AF_UNIX
    with socket.socket(family, socket.SOCK_DGRAM) as receiver:
        place = os.fspath(tmp_path / "s")
        receiver.bind(("127.0.0.1", 0) if kind == "udp" else place)
        receiver.settimeout(10)
        url = f"udp://127.0.0.1:{receiver.getsockname()[1]}" if kind == "udp" else f"unix://{place}"
        sink = SyslogSink(url)
        deliver(tmp_path / "log", sink, Cursor(tmp_path / "cursor"), encoder("entry", origin=ORIGIN, framed=True))
        assert [int(FRAME.fullmatch(receiver.recv(65_536))[1]) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(AuditError, match="does not fit into a datagram"):
            sink.send(b"x" * 60_001)
        sink.close()


def test_addresses_and_names_are_checked():
    """Only the three transports; a message id and the log's name cannot break out of the header."""
    for url in ("http://x:1", "tcp://", "tcp://host:99999", "unix://", "udp:"):
        with pytest.raises(UsageError, match="syslog address"):
            SyslogSink(url)
    with pytest.raises(UsageError, match="message id"):
        message(0, "t", "two words", "", origin=ORIGIN, warning=False)
    assert b'log="a\\]\\"b"' in message(0, "t", "scan", "", origin='a]"b', warning=True)
