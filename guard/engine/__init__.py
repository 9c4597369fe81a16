"""`Guard` wires the rooms: it opens sources, asks for decisions, runs enforced SQL and keeps the record."""

from guard.engine.guard import Guard, open_guard
from guard.engine.result import Result

__all__ = ["Guard", "Result", "open_guard"]
