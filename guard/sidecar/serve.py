"""Runs the sidecar: loopback only unless callers are authenticated; SIGTERM finishes what is in flight."""

from __future__ import annotations

import math
import socket
import time
from types import FrameType
from typing import TYPE_CHECKING

import structlog
import uvicorn

from guard.config import ServeSection, resolve_secret
from guard.errors import ConfigError
from guard.sidecar import logs, routes, tls
from guard.sidecar.app import State, build
from guard.sidecar.border import Border, is_loopback

if TYPE_CHECKING:
    from guard.engine import Guard

log = structlog.get_logger("guard.sidecar")

DRAIN_SECONDS = 1.0  # the sidecar still answers after it was told to stop, so that balancers see it is not ready


def serve(guard: Guard) -> None:
    """Serves until SIGTERM or SIGINT, then finishes the requests in flight and flushes the record.

    Raises:
        ConfigError: an address that is not loopback without a token or client certificates; a token that is too
            short; certificate files that do not fit; the port is taken.
        PolicyError: the rule pack does not compile.
    """
    settings: ServeSection = guard.loaded.config.serve
    check_exposure(settings)
    token = resolve_secret(settings.token, root=guard.loaded.root) if settings.token else None
    border = Border(token, authenticated=bool(settings.tls_client_ca))
    secured = tls.context(settings, guard.loaded.root)
    routes.warm(guard)
    listening = _listen(settings)
    logs.configure()
    state = State()
    configured = uvicorn.Config(
        build(guard, border, state),
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,  # request lines may hold data
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, math.ceil(settings.grace_s)),
    )
    configured.load()
    configured.ssl = secured
    host, port = listening.getsockname()[:2]
    address = f"{'https' if secured else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
    _Server(configured, state, address, drain=min(DRAIN_SECONDS, settings.grace_s)).run(sockets=[listening])


def check_exposure(settings: ServeSection) -> None:
    """Refuses to listen where strangers could ask.

    Raises:
        ConfigError: the address is not loopback and nothing authenticates the caller.
    """
    if is_loopback(settings.host) or settings.token or settings.tls_client_ca:
        return
    raise ConfigError(
        f"the sidecar will not listen on `{settings.host}` without authentication",
        help='set `serve.token = "env:NAME"`, or `serve.tls_client_ca` for client certificates',
    )


def _listen(settings: ServeSection) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"cannot listen on `{settings.host}:{settings.port}`: {error.strerror}", help="choose another --port"
        ) from None
    return listening


class _Server(uvicorn.Server):
    """Stops in order: not ready, a moment for balancers to see it, the last requests, the record."""

    def __init__(self, config: uvicorn.Config, state: State, address: str, *, drain: float) -> None:
        super().__init__(config)
        self._state = state
        self._address = address
        self._drain = drain
        self._leave_at = math.inf  # time.monotonic() of the end, once told to stop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            log.info("sidecar.serving", address=self._address)

    async def on_tick(self, counter: int) -> bool:
        stop = await super().on_tick(counter)
        return stop or time.monotonic() >= self._leave_at

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature of a handler
        """The first signal begins the stop, a second one hurries it; the process ends with 0, not by the signal."""
        self._state.ready = False
        if self._leave_at == math.inf:
            self._leave_at = time.monotonic() + self._drain
        else:
            self.should_exit = True
