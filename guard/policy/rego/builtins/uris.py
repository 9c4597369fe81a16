"""uri.parse and uri.is_valid: the parts of a URI as Go's `net/url` finds them.

A policy that checks where a request goes must see what OPA sees, so the many things that Go lets pass and refuses are
followed one by one. Reference: RFC 3986, and `url.go` of Go's standard library.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from guard.policy.rego.builtins.encoding import text_of
from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import BuiltinError
from guard.policy.rego.values import Value

_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_PORT: Final = re.compile(r"(?::[0-9]*)?")
_USER: Final = re.compile(r"[A-Za-z0-9._:~!$&'()*+,;=%@-]*")
_HOST: Final = re.compile(r"[^\x00-\x7f]|[A-Za-z0-9._~!\"$&'()*+,;<=>:\[\]-]")
_IN_PATH: Final = "$&+,/:;=@"  # what Go leaves as it is in a path


@builtin("uri.is_valid", "any")
def is_valid(value: Value) -> bool:
    """True for a text, not empty, that can be read as a URI or as a reference to one."""
    if type(value) is not str or not value:
        return False
    try:
        parts(value)
    except BuiltinError:
        return False
    return True


@builtin("uri.parse", "string")
def parse(text: str) -> dict[str, str]:
    """The parts that the URI has; a password or user is not among them."""
    return parts(text)


def parts(text: str) -> dict[str, str]:
    """`scheme`, `hostname`, `port`, `path`, `raw_path`, `raw_query` and `fragment`, those that are not empty.

    Raises:
        BuiltinError: Go refuses the text.
    """
    whole, _, fragment = text.partition("#")
    found = {"fragment": _unescaped(fragment)}
    if _CONTROL.search(whole):
        raise _invalid("a control character")
    if whole == "*":
        return _present({**found, "path": "*", "raw_path": "*"})
    if whole.startswith(":"):
        raise _invalid("no scheme before `:`")
    scheme = _SCHEME.match(whole)
    rest = whole[scheme.end() :] if scheme else whole
    found["scheme"] = scheme[1].lower() if scheme else ""
    rest, _, found["raw_query"] = rest.partition("?")
    if not rest.startswith("/"):
        if scheme:
            return _present(found)  # opaque, such as `mailto:`
        if ":" in rest.partition("/")[0]:
            raise _invalid("a colon in the first segment of a path")
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        rest = slash + path
        found["hostname"], found["port"] = _authority(found["scheme"], authority)
    found["path"] = _unescaped(rest)
    found["raw_path"] = found["path"] if rest == quote(found["path"], safe=_IN_PATH) else rest
    return _present(found)


def _present(found: dict[str, str]) -> dict[str, str]:
    return {name: part for name, part in found.items() if part}


def _authority(scheme: str, authority: str) -> tuple[str, str]:
    """The host, without brackets, and the port."""
    user, at, host = authority.rpartition("@")
    if at:
        if not _USER.fullmatch(user):
            raise _invalid("a character in the user")
        _unescaped(user)
    if "[" in host:
        return _literal(host)
    first, last = host.find(":"), host.rfind(":")
    start = last if first != last and scheme not in {"http", "https"} else first
    if start >= 0 and not _PORT.fullmatch(host[start:]):
        raise _invalid("a port that is no number")
    name = _host(host)
    before, colon, port = name.rpartition(":")
    return (before, port) if colon and _PORT.fullmatch(colon + port) else (name, "")


def _literal(host: str) -> tuple[str, str]:
    """An IPv6 address in brackets, with its zone."""
    end = host.rfind("]")
    if host.rfind("[") != 0 or end < 0:
        raise _invalid("brackets that hold no address")
    port = host[end + 1 :]
    if not _PORT.fullmatch(port):
        raise _invalid("a port that is no number")
    address, percent, zone = host[1:end].partition("%25")
    name = _host(address) + (_zone(percent + zone) if percent else "")
    try:
        ipaddress.IPv6Address(name)
    except ValueError as error:
        raise _invalid("brackets that hold no IPv6 address") from error
    return name, port[1:]


def _host(text: str) -> str:
    """A host may escape bytes beyond ASCII and the percent sign only."""
    for escape in _ESCAPE.finditer(text):
        if int(escape[1][0], 16) < 8 and escape[0] != "%25":
            raise _invalid("an escape in the host")
    return _named(text)


def _zone(text: str) -> str:
    """A zone may escape what could stand there anyway, a space and the percent sign."""
    for escape in _ESCAPE.finditer(text):
        character = chr(int(escape[1], 16))
        if escape[0] != "%25" and character != " " and (ord(character) > 0x7F or not _HOST.fullmatch(character)):
            raise _invalid("an escape in the zone")
    return _named(text)


def _named(text: str) -> str:
    if any(not _HOST.fullmatch(character) for character in _ESCAPE.sub("", text.replace("%25", ""))):
        raise _invalid("a character in the host")
    return _unescaped(text)


def _unescaped(text: str) -> str:
    if _BAD_ESCAPE.search(text):
        raise _invalid("an escape that is none")
    return text_of(unquote_to_bytes(text)) if "%" in text else text


def _invalid(why: str) -> BuiltinError:
    return BuiltinError(f"`uri.parse`: the text is no URI: {why}")
