"""The client of an OPA server: opa-python-client's asynchronous one, with its doors closed.

Differences from the package's own session: redirects are refused (they would carry the question elsewhere), answers
are capped in size, certificates are checked against a given authority, and nothing is retried here.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from opa_client.errors import DeleteDataError, DeletePolicyError, PolicyNotFoundError, RegoParseError
from opa_client.opa_async import AsyncOpaClient

from guard.errors import PolicyError, PolicyUnavailableError
from guard.policy.engines.opa_address import OpaAddress
from guard.policy.entry import ENTRY_FILE, ENTRY_POINT
from guard.policy.pack import Pack

MAX_ANSWER_BYTES = 8 << 20
POLICY_PREFIX = "guard/"  # guard's own policy ids; others are left alone
DATA_ROOT = "config"  # `data.config` on the server belongs to guard
_LIBRARY = f"{POLICY_PREFIX}lib/"


# What the package lets through when a server does not speak as OPA does: it indexes into whatever JSON it got.
NOT_OPA = (
    AttributeError,
    DeleteDataError,
    KeyError,
    PolicyNotFoundError,
    RecursionError,
    TypeError,
    ValueError,  # not JSON, not UTF-8
)


class AnswerError(aiohttp.ClientError):
    """An answer that is refused before it is read: a redirect, or one beyond `MAX_ANSWER_BYTES`."""


class _CappedResponse(aiohttp.ClientResponse):
    """Reads at most `MAX_ANSWER_BYTES` of a body."""

    async def read(self) -> bytes:
        if self._body is None:
            content = bytearray()
            async for chunk in self.content.iter_any():
                content += chunk
                if len(content) > MAX_ANSWER_BYTES:
                    self.close()
                    raise AnswerError("an answer that is too large")
            self._body = bytes(content)
        return self._body


class ClosedOpaClient(AsyncOpaClient):  # type: ignore[misc]  # the package has no types
    """The package's client as guard uses it; make it and use it on one event loop."""

    def __init__(self, address: OpaAddress) -> None:
        super().__init__(
            host=f"[{address.host}]" if ":" in address.host else address.host,
            port=address.port,
            ssl=address.tls,
            token=address.token.reveal() if address.token else None,
            retries=0,
            timeout=None,
        )
        self._address = address

    async def _init_session(self) -> None:
        self._session = aiohttp.ClientSession(
            headers=self.headers,
            connector=aiohttp.TCPConnector(ssl=self._tls_context()),
            response_class=_CappedResponse,
            timeout=aiohttp.ClientTimeout(total=None),  # the engine's deadline covers the whole exchange
            trust_env=False,
        )

    def _tls_context(self) -> ssl.SSLContext | bool:
        address = self._address
        if not address.tls:
            return True
        try:
            context = ssl.create_default_context(cafile=address.ca_file or None)
            if address.client_cert:
                context.load_cert_chain(address.client_cert, address.client_key or None)
        except (OSError, ssl.SSLError) as error:
            problem = f"the certificates for the OPA server cannot be used: {type(error).__name__}"
            raise PolicyError(problem, help="check the paths of the authority, the certificate and its key") from error
        return context

    @asynccontextmanager
    async def _request(self, method: str, url: str, **options: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        # The package asks for `/v1/policies/`, which OPA redirects to the address without the slash.
        async with super()._request(method, url.rstrip("/"), allow_redirects=False, **options) as response:
            if 300 <= response.status < 400:
                raise AnswerError("a redirect")
            yield response


async def load_pack(client: ClosedOpaClient, pack: Pack) -> None:
    """Puts the pack on the server, so that at no moment half of it can decide.

    The entry module goes first and comes last: while it is away the decision is undefined, and undefined denies.

    Raises:
        PolicyError: the server refuses the pack's Rego.
        aiohttp.ClientError: the server cannot be reached.
        PolicyUnavailableError: it does not speak as OPA does.
    """
    entry = POLICY_PREFIX + ENTRY_FILE
    ours = {POLICY_PREFIX + file: text for file, text in pack.modules.items()}
    names = sorted((name for name in ours if name != entry), key=lambda name: (not name.startswith(_LIBRARY), name))
    try:
        present = [name for name in await client.get_policies_list() if name.startswith(POLICY_PREFIX)]
        if entry in present:
            await _delete(client, entry)
            present.remove(entry)
        await _each(sorted(present, key=lambda name: name.startswith(_LIBRARY)), lambda name: _delete(client, name))
        await client.update_or_create_data(pack.data[DATA_ROOT], DATA_ROOT)
        await _each(names, lambda name: _put(client, name, ours[name]))
        await _put(client, entry, ours[entry])
    except DeletePolicyError as error:
        problem = "another policy on the server uses guard's, so that they cannot be replaced"
        raise PolicyUnavailableError(problem, help="remove it, or give guard a server of its own") from error
    except RegoParseError as error:
        raise PolicyError(f"the OPA server refuses the pack's data: {error.message}", help=_OLD) from error
    except aiohttp.ClientError:  # some of them are ValueErrors too
        raise
    except NOT_OPA as error:
        raise PolicyUnavailableError("the server does not speak as OPA does", help="check the URL") from error


async def _each(names: list[str], act: Callable[[str], Awaitable[object]]) -> None:
    """Does `act` on each name, in rounds: OPA compiles after every change, and refuses a module that calls a function
    of one that is still to come, or the removal of one that is still called."""
    while names:
        refused: list[tuple[str, PolicyError | DeletePolicyError]] = []
        for name in names:
            try:
                await act(name)
            except (PolicyError, DeletePolicyError) as error:
                refused.append((name, error))
        if len(refused) == len(names):
            raise refused[0][1]
        names = [name for name, _ in refused]


async def query(client: ClosedOpaClient, policy_input: Any) -> Any:
    """The server's answer on the decision; None when it is undefined.

    Raises:
        aiohttp.ClientError: the server cannot be reached, or answers with an error.
        PolicyUnavailableError: it does not speak as OPA does.
    """
    package, rule = ENTRY_POINT.split("/")
    try:
        answer = await client.query_rule(policy_input, package, rule)
        return answer.get("result")
    except aiohttp.ClientError:  # some of them are ValueErrors too
        raise
    except NOT_OPA as error:
        raise PolicyUnavailableError("the server does not speak as OPA does", help="check the URL") from error


async def _put(client: ClosedOpaClient, name: str, text: str) -> None:
    try:
        await client.update_policy_from_string(text, name, rego_compat=False)
    except RegoParseError as error:
        problem = f"the OPA server refuses `{name.removeprefix(POLICY_PREFIX)}`{_first(error)}"
        raise PolicyError(problem, help=_OLD) from error


async def _delete(client: ClosedOpaClient, name: str) -> None:
    """A server that was restarted since it listed its policies has lost this one already."""
    try:
        await client.delete_policy(name)
    except DeletePolicyError as error:
        if error.expression != "resource_not_found":
            raise


_OLD = "run `guard rules test`; the server may be older than the pack needs"


def _first(error: RegoParseError) -> str:
    """OPA's first complaint with its line."""
    for one in error.errors:
        return f":{one.get('location', {}).get('row', '?')}: {one.get('message', 'no reason given')}"
    return f": {error.message}"


__all__ = ["AnswerError", "ClosedOpaClient", "load_pack", "query"]
