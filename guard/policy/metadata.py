"""The `# METADATA` annotation that every rule of a pack carries.

It is OPA's own annotation (https://www.openpolicyagent.org/docs/policy-language#annotations), a comment of YAML right
before the `package` line, held to a fixed set of keys: what guard does not know, it refuses.
"""

from __future__ import annotations

import enum
from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta

from guard.errors import PolicyError
from guard.model import Value
from guard.policy.strict_yaml import load_yaml

HELP = "write `# METADATA` with title, description, custom.severity and custom.mode right above the package line"

Text: TypeAlias = Annotated[str, Meta(min_length=1, max_length=2000)]


class Mode(enum.StrEnum):
    """Whether a rule decides, or is only watched."""

    ENFORCE = "enforce"
    MONITOR = "monitor"


class Severity(enum.StrEnum):
    """How bad it would be without the rule."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Resource(Value, frozen=True):
    """A law, standard or page that the rule rests on."""

    ref: Text
    description: str = ""


class Custom(Value, frozen=True):
    """guard's own keys of the annotation."""

    severity: Severity
    mode: Mode
    owner: str = ""


class Metadata(Value, frozen=True):
    """The annotation of one rule."""

    title: Text
    description: Text
    custom: Custom
    scope: Annotated[str, Meta(pattern="^package$")] = "package"
    related_resources: tuple[Resource, ...] = ()
    authors: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()


def parse_metadata(source: str, *, file: str) -> Metadata:
    """The annotation of the rule in `source`.

    Raises:
        PolicyError: there is none, it is not YAML, or a key is missing, unknown or of the wrong type.
    """
    first, text = _block(source, file=file)
    try:
        content = load_yaml(text, file=file, first_line=first)
        return msgspec.convert(_with_resources(content), type=Metadata)
    except msgspec.ValidationError as error:
        message = f"`{file}`:{first}: the metadata does not fit: {_lower(str(error))}"
        raise PolicyError(message, help=HELP) from None


def _block(source: str, *, file: str) -> tuple[int, str]:
    """The line where the YAML begins (1-based) and the YAML, taken from the comment above `package`."""
    lines = source.splitlines()
    package = next((i for i, line in enumerate(lines) if line.startswith("package ")), len(lines))
    start = next((i for i in range(package) if lines[i].strip() == "# METADATA"), None)
    if start is None:
        raise PolicyError(f"`{file}`:1: the rule has no metadata", help=HELP)
    block = lines[start + 1 : package]
    if not block or not all(line.startswith("#") for line in block):
        raise PolicyError(f"`{file}`:{start + 1}: the metadata does not reach the package line", help=HELP)
    return start + 2, "\n".join(line.removeprefix("#").removeprefix(" ") for line in block)


def _with_resources(content: Any) -> Any:
    """OPA lets a related resource be a bare string; guard reads it as `ref`."""
    if isinstance(content, dict) and isinstance(content.get("related_resources"), list):
        listed = [{"ref": item} if isinstance(item, str) else item for item in content["related_resources"]]
        return {**content, "related_resources": listed}
    return content


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


__all__ = ["Custom", "Metadata", "Mode", "Resource", "Severity", "parse_metadata"]
