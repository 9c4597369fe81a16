"""Which reading of values this is: digests of the code and the tables that decide what a detector sees.

What only weighs what was seen (names, levels, priors, pass rates) is not part of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from types import MappingProxyType

from guard.classify.registry import sources_of_detectors

# Modules of this package that never look at a value.
WEIGHING = frozenset(
    {"catalogue", "classifier", "columns", "lexicon", "local_truth", "memory", "odds", "reader", "replay"}
    | {"scheme_report", "schemes", "suppress", "taxonomy"}
)
_FOLDER = Path(__file__).parent
_FACTS = re.compile(rb"^(?:PASS_RATE|COLUMN_RATE|PRIOR|CEILING|RECALL|MINIMUM) = .*$", re.MULTILINE)


@cache
def reader_digest() -> str:
    """Changes with anything below a detector: folding, shapes, tokens, tables, check digits."""
    digest = hashlib.sha256(metadata.version("python-stdnum").encode())
    for path in _shared():
        digest.update(path.relative_to(_FOLDER).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def detector_digests() -> Mapping[str, str]:
    """By kind, what changes when its detector could pass other values."""
    return MappingProxyType({kind: _digest(source) for kind, source in sources_of_detectors().items()})


@cache
def _digest(source: bytes) -> str:
    return hashlib.sha256(_FACTS.sub(b"", source)).hexdigest()[:12]


def _shared() -> Iterator[Path]:
    detectors = _FOLDER / "detectors"
    for path in sorted(_FOLDER.rglob("*")):
        module = path.suffix == ".py" and path.parent == _FOLDER and path.stem in WEIGHING
        if path.is_file() and path.suffix != ".pyc" and detectors not in path.parents and not module:
            yield path
