"""A small web service before and after guard: its handlers do not change, its answers do.

    python examples/service.py [PORT]     # serves on http://127.0.0.1:8000
    curl -H 'x-user: dr-lin'    http://127.0.0.1:8000/residents     # sees 13800001234
    curl -H 'x-user: xiao-zhou' http://127.0.0.1:8000/residents     # sees 138****1234
    curl                        http://127.0.0.1:8000/residents     # 401

The service itself is `list_residents`: plain SQLAlchemy. guard is in `make_app`: the engine is protected, and a
middleware says who calls. A real service would take the caller from its session or token, not from a header.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, create_engine, text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import guard
from guard.integrations.asgi import GuardMiddleware, Scope
from guard.integrations.sqlalchemy import protect

RESIDENTS = [
    (1, "王小明", "13800001234", "浦东新区"),
    (2, "李芳", "13911112345", "浦东新区"),
    (3, "Emma Brown", "13722223456", "徐汇区"),
]
STAFF = {
    "dr-lin": guard.Subject("dr-lin", roles=("doctor",), attributes={"districts": ("浦东新区",)}),
    "xiao-zhou": guard.Subject("xiao-zhou", roles=("call_center",), attributes={"districts": ("浦东新区",)}),
}
PURPOSES = {"doctor": "treatment", "call_center": "service"}


def list_residents(engine: Engine) -> Callable[[Request], Response]:
    """The handler, as it was before guard."""

    def handler(_request: Request) -> Response:
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT xm, phone FROM residents ORDER BY id")).mappings().all()
        return JSONResponse([dict(row) for row in rows])

    return handler


def who(scope: Scope) -> guard.Subject | None:
    """The caller; the header stands for a session that an authentication in front has verified."""
    headers = dict(scope["headers"])
    return STAFF.get(headers.get(b"x-user", b"").decode("latin-1"))


def purpose(subject: guard.Subject) -> str:
    """What this service reads data for, by role."""
    return PURPOSES[subject.roles[0]]


def make_app(folder: Path) -> tuple[Starlette, guard.Guard]:
    """The service over a small database in `folder`, behind guard; the caller closes the guard."""
    database = folder / "crm.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE residents (id INTEGER PRIMARY KEY, xm TEXT, phone TEXT, district TEXT)")
        connection.executemany("INSERT INTO residents VALUES (?, ?, ?, ?)", RESIDENTS)
    connection.close()

    source = f"sqlite:///{database}"
    g = guard.open(folder=folder, operator="service")
    g.scan(source)
    engine = protect(create_engine(source), g, source)
    app = Starlette(routes=[Route("/residents", list_residents(engine))])
    app.add_middleware(GuardMiddleware, identify=who, purpose=purpose)
    return app, g


if __name__ == "__main__":
    import uvicorn

    with tempfile.TemporaryDirectory() as name:
        served, opened = make_app(Path(name))
        with opened:
            uvicorn.run(served, host="127.0.0.1", port=int(sys.argv[1]) if sys.argv[1:] else 8000)
