"""Just enough DER (X.690) for time-stamps: definite lengths, one spelling, bounded depth by the caller's own steps."""

from __future__ import annotations

from guard.errors import IntegrityError
from guard.model import Value

BOOLEAN, INTEGER, OCTETS, NULL, OID, TIME, SEQUENCE, SET = 0x01, 0x02, 0x04, 0x05, 0x06, 0x18, 0x30, 0x31
MAX_MEMBERS = 256


class Node(Value, frozen=True):
    """One value: its tag, its content, and its whole encoding."""

    tag: int
    content: bytes
    whole: bytes

    def members(self) -> list[Node]:
        """The values inside a constructed one."""
        found, at = [], 0
        while at < len(self.content):
            node = _at(self.content, at)
            found.append(node)
            at += len(node.whole)
            if len(found) > MAX_MEMBERS:
                raise IntegrityError("a time-stamp has too many members")
        return found

    def expect(self, tag: int) -> Node:
        """The node itself, when it has this tag.

        Raises:
            IntegrityError: it has another.
        """
        if self.tag != tag:
            raise IntegrityError("a time-stamp is not built as RFC 3161 says")
        return self

    @property
    def number(self) -> int:
        """An INTEGER's value."""
        return int.from_bytes(self.expect(INTEGER).content, "big", signed=True)


def read(data: bytes) -> Node:
    """The one value that the data is.

    Raises:
        IntegrityError: it is cut short, longer, or not DER.
    """
    node = _at(data, 0)
    if len(node.whole) != len(data):
        raise IntegrityError("a time-stamp has bytes behind its end")
    return node


def _at(data: bytes, at: int) -> Node:
    head = data[at : at + 2]
    if len(head) < 2 or head[0] & 0x1F == 0x1F:
        raise IntegrityError("a time-stamp is cut short")
    start, size = at + 2, head[1]
    if size >= 0x80:
        count = size & 0x7F
        length = data[start : start + count]
        start, size = start + count, int.from_bytes(length, "big")
        if not 1 <= count <= 4 or len(length) < count or length[0] == 0 or size < 0x80:
            raise IntegrityError("a time-stamp has a length that is not DER")
    if start + size > len(data):
        raise IntegrityError("a time-stamp is cut short")
    return Node(head[0], data[start : start + size], data[at : start + size])


def value(tag: int, *parts: bytes) -> bytes:
    """The encoding of a value with these contents."""
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def integer(number: int) -> bytes:
    """A non-negative INTEGER."""
    return value(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))
