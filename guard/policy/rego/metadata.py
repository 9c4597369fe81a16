"""`# METADATA` annotations, and what `rego.metadata.rule()` and `rego.metadata.chain()` answer from them.

An annotation is YAML in the comment lines right above a package or a rule. The two builtins depend only on the text of
the policy, so their answers are computed when it is compiled and travel with the plan, under the key `guard_metadata`.
Reference: "Annotations", OPA documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from guard.errors import PolicyError

if TYPE_CHECKING:
    from guard.policy.rego.syntax import Outline, Rule

BUILTINS: Final = frozenset({"rego.metadata.rule", "rego.metadata.chain"})
KEY: Final = "guard_metadata"


@dataclass(frozen=True, slots=True)
class Annotation:
    """One block: its scope (`package`, `rule`, `document`, `subpackages`), the line after it, and what it says."""

    scope: str
    line: int
    content: Mapping[str, Any]


def annotations_of(name: str, text: str) -> list[Annotation]:
    """The annotations of a module.

    Raises:
        PolicyError: a block is not YAML, or not an object.
    """
    from guard.policy.rego.builtins.encoding import read_yaml
    from guard.policy.rego.errors import BuiltinError

    lines = text.split("\n")
    found = []
    position = 0
    while position < len(lines):
        if lines[position].strip() != "# METADATA":
            position += 1
            continue
        start = position + 1
        position = start
        while position < len(lines) and lines[position].lstrip().startswith("#"):
            position += 1
        block = "\n".join([line.lstrip()[1:].removeprefix(" ") for line in lines[start:position]])
        try:
            content = read_yaml(block) or {}
        except BuiltinError as error:
            raise PolicyError(
                f"{name}:{start}: the metadata is not YAML", help="indent it as YAML after `# `"
            ) from error
        if not isinstance(content, dict):
            raise PolicyError(f"{name}:{start}: the metadata is not an object", help="write `# title: ...`")
        while position < len(lines) and not lines[position].strip():
            position += 1
        above_package = position < len(lines) and lines[position].startswith("package ")
        scope = content.get("scope", "package" if above_package else "rule")
        found.append(Annotation(str(scope), position + 1, _normal({**content, "scope": scope})))
    return found


def _normal(content: dict[str, Any]) -> dict[str, Any]:
    """Authors and related resources as objects, as OPA gives them."""
    if isinstance(content.get("authors"), list):
        content["authors"] = [_author(item) if isinstance(item, str) else item for item in content["authors"]]
    if isinstance(content.get("related_resources"), list):
        items = content["related_resources"]
        content["related_resources"] = [{"ref": item} if isinstance(item, str) else item for item in items]
    return content


def _author(text: str) -> dict[str, str]:
    name, _, mail = text.partition("<")
    found = {"name": name.strip(), "email": mail.rstrip("> ")}
    return {key: value for key, value in found.items() if value}


def answers(files: Mapping[str, str], outlines: Mapping[str, Outline]) -> dict[str, list[Any]]:
    """`file:line` of each annotated or plain rule -> its chain, from the rule outwards to its packages."""
    if not any("rego.metadata." in text for text in files.values()):
        return {}
    notes = {name: annotations_of(name, text) for name, text in files.items()}
    packages: dict[tuple[str, ...], Annotation] = {}
    for name, found in notes.items():
        for note in found:
            if note.scope in {"package", "subpackages"}:
                packages[outlines[name].package] = note
    chains = {}
    for name, module in outlines.items():
        for rule in module.rules:
            chains[f"{name}:{rule.line}"] = _chain(rule, module, notes[name], outlines, notes, packages)
    return chains


def _chain(
    rule: Rule,
    module: Outline,
    own: list[Annotation],
    outlines: Mapping[str, Outline],
    notes: Mapping[str, list[Annotation]],
    packages: Mapping[tuple[str, ...], Annotation],
) -> list[Any]:
    path = [*module.package, *rule.path]
    chain: list[Any] = [_entry(note, path) for note in own if note.scope == "rule" and note.line == rule.line]
    chain += [
        _entry(note, path)
        for name, other in outlines.items()
        if other.package == module.package
        for note in notes[name]
        if note.scope == "document" and any(r.path == rule.path and r.line == note.line for r in other.rules)
    ]
    chain = chain or [{"path": path}]
    if module.package in packages:
        chain.append(_entry(packages[module.package], list(module.package)))
    for length in range(len(module.package) - 1, 0, -1):
        outer = packages.get(module.package[:length])
        if outer is not None and outer.scope == "subpackages":
            chain.append(_entry(outer, list(module.package[:length])))
    return chain


def _entry(note: Annotation, path: list[str]) -> dict[str, Any]:
    return {"path": path, "annotations": dict(note.content)}


def answer(name: str, chains: Mapping[str, list[Any]], file: str, row: int) -> Any:
    """What one call answers: the chain of the rule that the line belongs to, or its own annotation."""
    lines = sorted(int(key.rpartition(":")[2]) for key in chains if key.rpartition(":")[0] == file)
    line = max((found for found in lines if found <= row), default=0)
    chain = chains.get(f"{file}:{line}", [])
    if name == "rego.metadata.chain":
        return chain
    first = chain[0] if chain else {}
    found = first.get("annotations", {})
    return found if found.get("scope") == "rule" else {}
