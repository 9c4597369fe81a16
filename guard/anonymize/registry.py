"""Finds transforms by walking their folder: the id is the file name, there is no list to edit."""

from __future__ import annotations

import importlib
import pkgutil
import threading
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, cast

import msgspec

from guard.anonymize import transforms
from guard.anonymize.rows import WideTransform
from guard.anonymize.transform import MAX_FILE_BYTES, File, Transform
from guard.errors import PlanError

ReadFile = Callable[[str], bytes]
_learning = threading.Lock()


@cache
def ids() -> tuple[str, ...]:
    """The ids of all transforms, sorted."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(transforms.__path__) if found.name[0] != "_"))


@cache
def find(transform: str) -> Transform:
    """The module of a transform.

    Raises:
        PlanError: there is no such transform.
    """
    if transform not in ids():
        near = get_close_matches(transform, ids(), n=1)
        cure = f"did you mean `{near[0]}`?" if near else f"choose one of {', '.join(ids())}"
        msg = f"unknown transform `{transform[:64]}`"
        raise PlanError(msg, help=cure)
    with _learning:
        found = cast("Transform", importlib.import_module(f"{transforms.__name__}.{transform}"))
        # msgspec learns a type at its first use, and crashes the process when two threads come first at once.
        msgspec.json.Decoder(found.Params)
    return found


@cache
def wide(transform: str) -> WideTransform | None:
    """The module of a transform that sees more than its own values; None for all others.

    Raises:
        PlanError: there is no such transform.
    """
    found = find(transform)
    return cast("WideTransform", found) if hasattr(found, "apply_rows") else None


def no_files(name: str) -> bytes:
    """The reader where nothing may be read: a plan that came over the wire names no files of this machine."""
    msg = f"the file `{name[:128]}` is not available here: this plan may not name files"
    raise PlanError(msg, help="load the plan from a file with Plan.load, or pass a reader of files")


def params(transform: str, raw: Mapping[str, Any], *, read: ReadFile = no_files) -> Any:
    """The strict parameters of a transform; `read` delivers the files that they name.

    Raises:
        PlanError: an unknown transform, an unknown or missing key, a wrong type, or a combination that makes no sense.
    """
    kind = find(transform).Params
    files = {field.encode_name for field in msgspec.structs.fields(kind) if field.type is File}
    given = {key: _file(value, read) if key in files else value for key, value in raw.items()}
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        known = ", ".join(field.encode_name for field in msgspec.structs.fields(kind)) or "none"
        msg = f"parameters of `{transform}` do not fit: {_lower(str(error))}"
        raise PlanError(msg, help=f"`{transform}` knows the parameters: {known}") from None


def _file(value: Any, read: ReadFile) -> Any:
    if not isinstance(value, str):
        return value
    content = read(value)
    if len(content) > MAX_FILE_BYTES:
        msg = f"the file `{value[:128]}` is larger than {MAX_FILE_BYTES} bytes"
        raise PlanError(msg, help="a hierarchy lists distinct values once; remove what the column cannot hold")
    return File(name=value, content=content)


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
