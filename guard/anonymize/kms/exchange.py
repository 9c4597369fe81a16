"""One bounded HTTP exchange with a key management service: a whole deadline, a capped answer, strict JSON.

Nothing that travels here is put into an error: requests and answers hold secrets, so what went wrong is said in
guard's own words, and no exception of the HTTP library, whose frames hold the request, is kept as a cause.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guard.errors import KeyUnavailableError
from guard.model import Sensitive, Value

if TYPE_CHECKING:
    import httpx

MAX_ANSWER = 64 * 1024  # bytes
GRACE = 1.0  # seconds beyond the deadline until the thread of an exchange counts as lost


class Answer(Value, frozen=True):
    """Status and, for an answer of JSON, its object."""

    status: int
    content: Any = None


def exchange(
    url: str, body: Sensitive[dict[str, str]], headers: Sensitive[dict[str, str]], *, ca_file: str, deadline: float
) -> Answer:
    """POSTs `body` to `url`; no proxy, no redirect, nothing of the environment.

    Raises:
        KeyUnavailableError: not reachable, slower than `deadline` seconds as a whole, too large, or no JSON object.
    """
    outcome: list[Answer | str] = []
    client = _client(ca_file, deadline)
    # In a thread of its own: the timeouts of the library are per read, and a server that drips would stretch them.
    worker = threading.Thread(
        target=lambda: outcome.append(_post(client, url, body, headers)), name="guard-kms", daemon=True
    )
    worker.start()
    worker.join(deadline)
    late = worker.is_alive()
    client.close()
    if late:
        worker.join(GRACE)
        raise _unavailable(f"did not answer within {deadline * 1000:.0f} ms")
    found = outcome[0] if outcome else "cannot be asked"
    if isinstance(found, str):
        raise _unavailable(found)
    return found


def _client(ca_file: str, deadline: float) -> httpx.Client:
    import ssl

    import httpx

    try:
        context = ssl.create_default_context(cafile=str(Path(ca_file).expanduser()) if ca_file else None)
    except OSError:
        msg = f"the authorities in `{ca_file}` cannot be read"
        raise KeyUnavailableError(msg, help="give a PEM file by `keys.transit_ca_file`") from None
    return httpx.Client(verify=context, timeout=deadline, trust_env=False, follow_redirects=False)


def _post(
    client: httpx.Client, url: str, body: Sensitive[dict[str, str]], headers: Sensitive[dict[str, str]]
) -> Answer | str:
    """The answer, or what went wrong."""
    import httpx

    content = bytearray()
    try:
        with client.stream("POST", url, json=body.reveal(), headers=headers.reveal()) as response:
            status = response.status_code
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > MAX_ANSWER:
                    return f"answered with more than {MAX_ANSWER} bytes"
    except httpx.TimeoutException:
        return "did not answer in time"
    except (httpx.HTTPError, httpx.InvalidURL, RuntimeError, OSError):  # RuntimeError: closed under its hands
        return "cannot be reached"
    if status != 200:
        return Answer(status)  # what it says beside may hold anything, so it is not read
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return "answered with no JSON"
    return Answer(status, found)


def _unavailable(problem: str) -> KeyUnavailableError:
    msg = f"the key management service {problem}"
    return KeyUnavailableError(msg, help="see that it runs and that `keys.transit_url` leads to it, then try again")
