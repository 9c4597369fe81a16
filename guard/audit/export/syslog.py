"""Records by syslog: RFC 5424 messages over TCP (RFC 6587, octet counting), UDP (RFC 5426) or a local socket.

TCP tells only that the other side's machine took the bytes, UDP not even that: a sink is a copy, the log is the record.
"""

from __future__ import annotations

import re
import socket
from urllib.parse import urlsplit

from guard.errors import AuditError, UsageError

FACILITY = 13  # "log audit", RFC 5424 table 1
INFORMATIONAL, WARNING = 6, 4
TIMEOUT = 10.0  # seconds
MAX_DATAGRAM = 60_000  # bytes; a longer message does not fit into one UDP packet
PRIVATE_ENTERPRISE = 32473  # reserved for documentation and examples (RFC 5612)

_NAME = re.compile(r"[!-~]{1,48}")


def message(index: int, time: str, kind: str, text: str, *, origin: str, warning: bool) -> bytes:
    """One RFC 5424 message; the index stands as structured data."""
    if not _NAME.fullmatch(kind):
        raise UsageError(f"`{kind[:48]}` is no syslog message id")
    priority = FACILITY * 8 + (WARNING if warning else INFORMATIONAL)
    host = socket.gethostname()[:255] or "-"
    name = re.sub(r'(["\\\]])', r"\\\1", origin)
    data = f'[entry@{PRIVATE_ENTERPRISE} index="{index}" log="{name}"]'
    return f"<{priority}>1 {time} {host} guard - {kind} {data} ".encode() + b"\xef\xbb\xbf" + text.encode()


class SyslogSink:
    """Sends to `tcp://host:port`, `udp://host:port` or `unix:///path`; connects anew after a failure."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._scheme = parts.scheme
        try:
            self._where: tuple[str, int] | str = (
                parts.path if parts.scheme == "unix" else (parts.hostname or "", parts.port or 514)
            )
        except ValueError:
            raise UsageError("the syslog address has no valid port") from None
        if parts.scheme not in {"tcp", "udp", "unix"} or not self._where or self._where == ("", 514):
            raise UsageError(
                "the syslog address is not tcp://host:port, udp://host:port or unix:///path",
                help="write for example tcp://127.0.0.1:601",
            )
        self._socket: socket.socket | None = None

    def send(self, data: bytes) -> None:
        """Sends one message.

        Raises:
            AuditError: it could not be handed over; it will be sent again.
        """
        try:
            self._socket = self._socket or self._connect()
            if self._scheme == "tcp":
                self._refuse_closed(self._socket)
                self._socket.sendall(b"%d %s" % (len(data), data))
            elif len(data) > MAX_DATAGRAM:
                raise AuditError(f"a message of {len(data)} bytes does not fit into a datagram", help="use tcp://")
            else:
                self._socket.send(data)
        except OSError as error:
            self.close()
            raise AuditError(f"syslog did not take a message: {error.strerror or type(error).__name__}") from None

    def flush(self) -> None:
        """Nothing is kept back."""

    def close(self) -> None:
        """Ends the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self) -> socket.socket:
        if self._scheme == "tcp":
            assert isinstance(self._where, tuple)
            return socket.create_connection(self._where, timeout=TIMEOUT)
        family = socket.AF_UNIX if self._scheme == "unix" else socket.AF_INET
        if self._scheme == "udp":
            assert isinstance(self._where, tuple)
            family = socket.getaddrinfo(*self._where, type=socket.SOCK_DGRAM)[0][0]
        opened = socket.socket(family, socket.SOCK_DGRAM)
        opened.settimeout(TIMEOUT)
        opened.connect(self._where)
        return opened

    @staticmethod
    def _refuse_closed(opened: socket.socket) -> None:
        """A receiver that closed is noticed before the first message is lost in the kernel's buffer."""
        opened.settimeout(0)
        try:
            if opened.recv(1) == b"":
                raise ConnectionResetError("closed")
        except BlockingIOError:
            pass
        finally:
            opened.settimeout(TIMEOUT)
