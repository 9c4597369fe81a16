"""net.cidr_*: calculations with addresses; nothing here asks the network."""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from guard.policy.rego.builtins.aggregates import items
from guard.policy.rego.builtins.registry import builtin
from guard.policy.rego.errors import BuiltinError, LimitError, OperandError
from guard.policy.rego.values import Value, embed, make_set, sorted_keys, unembed

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
MAX_ADDRESSES: Final = 1 << 17


def _network(name: str, text: str) -> Network:
    try:
        address, slash, _ = text.partition("/")
        if not slash or "%" in address:
            raise ValueError("no prefix")
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise BuiltinError(f"`{name}`: invalid CIDR address") from error


def _either(name: str, text: str) -> Network:
    """A network, or an address as the network of itself alone."""
    if "/" in text:
        return _network(name, text)
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise BuiltinError(f"`{name}`: not a valid textual representation of an IP address or CIDR") from error


def _within(inner: Network, outer: Network) -> bool:
    return inner.version == outer.version and inner.network_address in outer and inner.broadcast_address in outer


@builtin("net.cidr_is_valid", "any")
def cidr_is_valid(value: Value) -> bool:
    """True for a string that is a network in CIDR notation."""
    if type(value) is not str:
        return False
    try:
        _network("net.cidr_is_valid", value)
    except BuiltinError:
        return False
    return True


@builtin("net.cidr_contains", "string", "string")
def cidr_contains(network: str, other: str) -> bool:
    """True when the address or network lies within the network."""
    name = "net.cidr_contains"
    return _within(_either(name, other), _network(name, network))


@builtin("net.cidr_overlap", "string", "string")
def cidr_overlap(network: str, other: str) -> bool:
    """`net.cidr_contains` (deprecated in Rego v1)."""
    name = "net.cidr_overlap"
    return _within(_either(name, other), _network(name, network))


@builtin("net.cidr_intersects", "string", "string")
def cidr_intersects(a: str, b: str) -> bool:
    """True when the networks share an address."""
    left, right = _network("net.cidr_intersects", a), _network("net.cidr_intersects", b)
    return _within(left, right) or _within(right, left)


def _candidates(position: int, collection: Value) -> list[tuple[Any, str]]:
    """Keys and addresses of any collection that the matching builtin takes."""
    if type(collection) is str:
        return [(collection, collection)]
    if type(collection) is dict:
        pairs = [(unembed(key), collection[key]) for key in sorted_keys(collection)]
    elif type(collection) is list:
        pairs = list(enumerate(collection))
    else:
        pairs = [(item, item) for item in items(collection)]
    found = []
    for key, item in pairs:
        text = item[0] if type(item) is list and item else item
        if type(text) is not str:
            raise BuiltinError(
                f"`net.cidr_contains_matches`: operand {position}: element must be string or non-empty array"
            )
        found.append((key, text))
    return found


@builtin("net.cidr_contains_matches", "string|array|set|object", "string|array|set|object")
def cidr_contains_matches(networks: Value, others: Value) -> set[Any]:
    """The pairs of keys (or values) of which the first network contains the second."""
    name = "net.cidr_contains_matches"
    outer = [(key, _network(name, text)) for key, text in _candidates(1, networks)]
    inner = [(key, _either(name, text)) for key, text in _candidates(2, others)]
    return {embed([key, other]) for key, network in outer for other, item in inner if _within(item, network)}


@builtin("net.cidr_expand", "string")
def cidr_expand(network: str) -> set[Any]:
    """All addresses of a network."""
    found = _network("net.cidr_expand", network)
    if found.num_addresses > MAX_ADDRESSES:
        raise LimitError(f"`net.cidr_expand`: the network has more than {MAX_ADDRESSES} addresses")
    return {str(address) for address in found}


@builtin("net.cidr_merge", "array|set")
def cidr_merge(collection: Value) -> set[Any]:
    """The fewest networks that hold the same addresses."""
    networks: list[Network] = []
    for item in items(collection):
        if type(item) is not str:
            raise OperandError("`net.cidr_merge`: operand must be array or set of strings")
        networks.append(_merged_item(item))
    found: list[str] = []
    for version in (4, 6):
        of_version: Any = [network for network in networks if network.version == version]
        found += [str(network) for network in ipaddress.collapse_addresses(of_version)]
    return make_set(found)


def _merged_item(text: str) -> Network:
    if "/" in text:
        return _network("net.cidr_merge", text)
    try:
        address = ipaddress.ip_address(text)
    except ValueError as error:
        raise BuiltinError("`net.cidr_merge`: invalid CIDR address") from error
    if address.version == 6:
        raise BuiltinError("`net.cidr_merge`: IPv6 invalid: needs prefix length")
    octet = int(address) >> 24  # Go's default mask: the class of the address
    prefix = 8 if octet < 128 else 16 if octet < 192 else 24 if octet < 224 else 32
    return ipaddress.ip_network(f"{text}/{prefix}", strict=False)
