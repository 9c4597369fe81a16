"""One rule of a pack: a folder, a file, a package, and what it contributes to the decision.

The text is scanned only as far as guard needs: the package line, and which of the five sets the rule builds. Rego's
own compiler judges the rest.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias, get_args

from guard.errors import PolicyError
from guard.model import Value
from guard.policy.metadata import Metadata, Mode, parse_metadata

Contribution: TypeAlias = Literal["allow", "deny", "mask", "row_filter", "limit"]
CONTRIBUTIONS: tuple[Contribution, ...] = get_args(Contribution)

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_PACKAGE = re.compile(r"^package[ \t]+([A-Za-z0-9_.]+)[ \t]*$", re.MULTILINE)
_NAMES = "|".join(CONTRIBUTIONS)
_SET_HEAD = re.compile(rf"(?<![\w.])({_NAMES})[ \t]+contains\b")
_OTHER_HEAD = re.compile(rf"(?:default[ \t]+)?({_NAMES})\b(?![ \t]+contains\b)")
# Strings and comments are blanked before the scan; a raw string may span lines.
_QUIET = re.compile(r'#[^\n]*|"(?:\\.|[^"\\\n])*"|`[^`]*`')


class Rule(Value, frozen=True):
    """A rule as found in the tree. `id` is `category.rule`, `file` its path in the pack, POSIX."""

    id: str
    file: str
    metadata: Metadata
    contributes: tuple[Contribution, ...]

    @property
    def mode(self) -> Mode:
        """Whether it decides."""
        return self.metadata.custom.mode

    @property
    def package(self) -> str:
        """Its Rego package."""
        return f"guard.{self.id}"


def parse_rule(category: str, name: str, source: str, *, file: str) -> Rule:
    """The rule in `source`, which stands at `<category>/<name>/<name>.rego`.

    Raises:
        PolicyError: the package is not the path's, the metadata is missing or wrong, or a set is no set.
    """
    for part in (category, name):
        if not _NAME.match(part):
            message = f"`{file}`: `{part}` cannot be part of a rule's id"
            raise PolicyError(message, help="use lower-case letters, digits and underscores, a letter first")
    check_package(source, f"guard.{category}.{name}", file=file)
    metadata = parse_metadata(source, file=file)
    return Rule(id=f"{category}.{name}", file=file, metadata=metadata, contributes=_contributions(source, file))


def check_package(source: str, expected: str, *, file: str) -> None:
    """Refuses a file whose package is not the one that its path says."""
    found = _PACKAGE.search(source)
    if found is None:
        raise PolicyError(f"`{file}`:1: no package line", help=f"begin with `package {expected}`")
    if found[1] != expected:
        line = source.count("\n", 0, found.start()) + 1
        message = f"`{file}`:{line}: package `{found[1]}` does not match the path"
        raise PolicyError(message, help=f"write `package {expected}`, or move the file")


def quiet(source: str) -> str:
    """Rego with strings and comments blanked, line for line, so that a plain scan sees code only."""
    return _QUIET.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), source)


def _contributions(source: str, file: str) -> tuple[Contribution, ...]:
    """Which sets the rule builds.

    A head that is not a set (`deny if ...`, `default allow := false`) would vanish from the decision without a
    sound: OPA iterates nothing over a boolean. So it is an error, found by its place at the start of a statement.
    """
    text = quiet(source)
    depth = 0
    for number, line in enumerate(text.splitlines(), start=1):
        head = _OTHER_HEAD.match(line.lstrip())
        if depth == 0 and head:
            message = f"`{file}`:{number}: `{head[1]}` is not written as a set"
            raise PolicyError(message, help=f"write `{head[1]} contains ... if {{ ... }}`")
        depth += sum(line.count(opening) for opening in "{[(") - sum(line.count(closing) for closing in "}])")
    found = {match[1] for match in _SET_HEAD.finditer(text)}
    if not found:
        message = f"`{file}`:1: the rule contributes nothing to the decision"
        raise PolicyError(message, help=f"define one of {', '.join(f'`{name} contains`' for name in CONTRIBUTIONS)}")
    return tuple(name for name in CONTRIBUTIONS if name in found)
