"""What an OPA server says of its bundles (`GET /v1/status`, OPA's REST API, "Status")."""

from __future__ import annotations

import aiohttp
import msgspec

from guard.errors import PolicyUnavailableError
from guard.model import Value
from guard.policy.engines.opa_client import NOT_OPA, ClosedOpaClient


class BundleStatus(Value, frozen=True):
    """One bundle: the revision that decides, when it was activated (RFC 3339), and what went wrong last."""

    name: str
    revision: str = ""
    activated: str = ""
    problem: str = ""


class _Bundle(msgspec.Struct, frozen=True):
    name: str = ""
    active_revision: str = ""
    last_successful_activation: str = ""
    message: str = ""


class _Status(msgspec.Struct, frozen=True):
    bundles: dict[str, _Bundle] = {}


async def bundles(client: ClosedOpaClient) -> tuple[BundleStatus, ...]:
    """The bundles by name.

    Raises:
        PolicyUnavailableError: the server has no status plugin, or does not speak as OPA does.
        aiohttp.ClientError: it cannot be reached.
    """
    try:
        answer = await client.get_status()
        found = msgspec.convert(answer["result"], _Status).bundles
    except aiohttp.ClientResponseError as error:
        problem = f"the OPA server tells no status (status {error.status})"
        raise PolicyUnavailableError(problem, help="start it with `--set status.console=true`") from None
    except aiohttp.ClientError:
        raise
    except (*NOT_OPA, msgspec.ValidationError):
        raise PolicyUnavailableError("the server does not speak as OPA does", help="check the URL") from None
    return tuple(
        BundleStatus(name, one.active_revision, one.last_successful_activation, one.message)
        for name, one in sorted(found.items())
    )
