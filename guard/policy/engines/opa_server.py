"""The engine behind an OPA server: the same pack and the same generated entry, evaluated by OPA.

guard owns `data.guard`, `data.config` and the policy ids under `guard/` on that server: one server serves one pack.
Every answer carries the pack's revision, and an answer of another revision is none. A server that has lost the pack
(a restart) gets it again; until then decisions are denied.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine, Mapping
from concurrent.futures import CancelledError
from typing import Any, NoReturn, TypeVar

import aiohttp

from guard.errors import PolicyError, PolicyUnavailableError
from guard.policy.engines.opa_address import OpaAddress
from guard.policy.engines.opa_client import AnswerError, ClosedOpaClient, load_pack, query
from guard.policy.engines.opa_status import BundleStatus, bundles
from guard.policy.metadata import Mode
from guard.policy.pack import Pack

DEADLINE = 0.2  # seconds for one decision, retries included
LOAD_DEADLINE = 10.0  # seconds to put a pack on the server
LOAD_PAUSE = 1.0  # seconds between two attempts at that
GRACE = 1.0  # seconds beyond a deadline after which the event loop itself counts as dead
RETRIES = 1  # of a lost connection; a slow or wrong answer is never asked for again

_NO_QUESTION = {"context": {"time": "1970-01-01T00:00:00Z"}}  # the answer shows the revision, whatever it says

T = TypeVar("T")


class OpaServerEngine:
    """Asks an OPA server; its event loop runs in a thread of its own, so that a deadline ends an exchange for good."""

    name = "opa"

    def __init__(self, pack: Pack, address: OpaAddress, *, deadline: float = DEADLINE) -> None:
        """Opens the connection and puts the pack on the server.

        A server that cannot be reached is no error here: every decision is denied until it can.

        Args:
            pack: the rule pack to evaluate.
            address: where the server is.
            deadline: seconds for one decision.

        Raises:
            PolicyError: the server refuses the pack, or the certificates cannot be used.
        """
        self._pack = pack
        self._address = address
        self._deadline = deadline
        self.revision: str = pack.revision
        self.modes: Mapping[str, Mode] = pack.modes
        self._client = ClosedOpaClient(address)
        self._loading: asyncio.Task[None] | None = None  # OWNED BY: the loop thread, as the next
        self._load_not_before = 0.0
        self._closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="guard-opa", daemon=True)
        self._thread.start()
        try:
            self._run(self._open(), LOAD_DEADLINE)
        except PolicyUnavailableError:
            pass  # the next decision says so
        except PolicyError:
            self.close()
            raise

    def decide(self, policy_input: Mapping[str, Any]) -> object:
        """The raw verdict.

        Raises:
            PolicyUnavailableError: the server is down, slow, has not the pack, or does not answer as it should.
        """
        try:
            return self._run(self._ask(policy_input), self._deadline)
        except PolicyError as error:
            raise PolicyUnavailableError(error.message, help=error.help) from error

    def bundles(self) -> tuple[BundleStatus, ...]:
        """What the server says of the bundles that it loads by itself.

        Raises:
            PolicyUnavailableError: it is down, slow, or has no status plugin.
        """
        return self._run(bundles(self._client), self._deadline)

    def close(self) -> None:
        """Ends the connection and the thread."""
        if self._closed:
            return
        with contextlib.suppress(PolicyUnavailableError):
            self._run(self._shut(), GRACE)
        self._closed = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(GRACE)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T], deadline: float) -> T:
        """Runs `work` on the loop thread; whatever the wire does becomes one error."""
        if self._closed:
            work.close()
            raise PolicyUnavailableError("the connection to the OPA server is closed", help="open guard again")
        future = asyncio.run_coroutine_threadsafe(_within(work, deadline), self._loop)
        try:
            return future.result(deadline + GRACE)
        except TimeoutError:
            future.cancel()
            problem = f"did not answer within {deadline * 1000:.0f} ms"
        except CancelledError:
            problem = "is being closed"
        except aiohttp.ClientResponseError as error:
            problem = f"answered with status {error.status}"
        except AnswerError as error:
            problem = f"answered with {error}"
        except aiohttp.ClientError:
            problem = "cannot be reached"
        raise PolicyUnavailableError(f"the OPA server at `{self._address}` {problem}", help=_HELP)

    async def _open(self) -> None:
        await self._client.__aenter__()
        await self._load()

    async def _shut(self) -> None:
        if self._loading is not None:
            self._loading.cancel()
        await self._client.close_connection()

    async def _ask(self, policy_input: Mapping[str, Any]) -> object:
        """The verdict of this pack's revision; a server that has another or none is given the pack, once."""
        loading = await self._load()
        answer = await self._query(policy_input)
        if not self._is_ours(answer):
            if self._loading is loading:  # a later one may be under way: two at once would take modules from each other
                self._loading = None
            await self._load()
            answer = await self._query(policy_input)
        if not self._is_ours(answer):
            self._raise_no_answer()
        return answer

    async def _query(self, policy_input: Mapping[str, Any]) -> object:
        for _ in range(RETRIES):
            with contextlib.suppress(aiohttp.ClientConnectionError):
                return await query(self._client, policy_input)
        return await query(self._client, policy_input)

    def _is_ours(self, answer: object) -> bool:
        return isinstance(answer, dict) and answer.get("revision") == self.revision

    async def _load(self) -> asyncio.Task[None]:
        """Waits until the pack is on the server; of many that wait one loads, at most once in `LOAD_PAUSE`."""
        if self._loading is None or _failed(self._loading):
            now = self._loop.time()
            if now < self._load_not_before:
                self._say_why_not()
            self._load_not_before = now + LOAD_PAUSE
            self._loading = self._loop.create_task(_within(self._put(), LOAD_DEADLINE))
            self._loading.add_done_callback(_failed)  # a failure that nobody waited for is no warning
        loading = self._loading
        await asyncio.shield(loading)
        return loading

    async def _put(self) -> None:
        """Puts the pack on the server; a server that refuses it, but has it from a bundle of its own, is as good."""
        try:
            await load_pack(self._client, self._pack)
        except (PolicyError, PolicyUnavailableError, aiohttp.ClientResponseError):
            if not self._is_ours(await query(self._client, _NO_QUESTION)):
                raise

    def _say_why_not(self) -> NoReturn:
        """Raises what the last attempt to load raised."""
        if self._loading is not None and not self._loading.cancelled():
            self._loading.result()
        self._raise_no_answer()

    def _raise_no_answer(self) -> NoReturn:
        message = f"the OPA server at `{self._address}` says nothing on the decision of this rule pack"
        raise PolicyUnavailableError(message, help="let it load; one server serves one rule pack only")


async def _within(work: Coroutine[Any, Any, T], deadline: float) -> T:
    async with asyncio.timeout(deadline):
        return await work


def _failed(task: asyncio.Task[None]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)


_HELP = "start the server, or check its address; guard asks it again by itself"
