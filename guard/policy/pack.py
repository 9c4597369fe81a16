"""A rule pack: the folder that a security team edits, read whole and checked before it decides anything.

    <category>/<rule>/<rule>.rego         package guard.<category>.<rule>
    <category>/<rule>/<rule>_test.rego    package guard.<category>.<rule>_test
    lib/<name>.rego, lib/<name>_test.rego package guard.lib.<name>, shared by rules
    config/**/data.yaml                   data.config.<folders>

The tree is the registry: a rule is in force because it is there. The same pack may come as an OPA bundle, one file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import msgspec

from guard.errors import PolicyError
from guard.model import Value
from guard.policy.entry import ENTRY_FILE, ENTRY_POINT, entry_module
from guard.policy.metadata import Mode
from guard.policy.rule import Rule, check_package, parse_rule
from guard.policy.strict_yaml import load_yaml

if TYPE_CHECKING:
    from guard.policy.bundle.jws import VerificationKey
    from guard.policy.rego import Policy

MAX_FILES = 10_000
MAX_FILE_BYTES = 1 << 20
_LAYOUT = "a pack holds <category>/<rule>/<rule>.rego, <rule>_test.rego, lib/<name>.rego and config/**/data.yaml"
_TEST = "_test.rego"


class Pack(Value, frozen=True):
    """A pack that was read and whose shape is right; `compile` says whether its Rego is.

    `files` are the modules that decide (path in the pack to text), `tests` the `_test.rego` beside them, `data`
    what Rego sees as `data`. `revision` is the SHA-256 over everything that can change a decision.
    """

    path: str
    files: Mapping[str, str]
    tests: Mapping[str, str]
    data: Mapping[str, Any]
    rules: tuple[Rule, ...]
    revision: str

    @classmethod
    def load(cls, path: Path, *, key: VerificationKey | None = None) -> Pack:
        """Reads the pack at `path`, or at `path/policy` when that is there; a file is read as a bundle.

        Args:
            path: a folder, or a bundle.
            key: checks the bundle's signature; with it, anything that is not signed is refused.

        Raises:
            PolicyError: it cannot be read, its signature is not right, or something in it is not where or what it
                should be.
        """
        if path.is_file():
            return _from_bundle(path, key)
        if key is not None:
            raise PolicyError(
                f"`{path}` is not a signed bundle, and a key is configured", help="name a bundle, or remove the key"
            )
        root = path / "policy" if (path / "policy").is_dir() else path
        data: dict[str, Any] = {"config": {}}
        modules: dict[str, str] = {}
        for file, text in _read(root).items():
            parts = PurePosixPath(file).parts
            if parts[0] == "config":
                _insert(data["config"], parts[1:-1], load_yaml(text, file=file), file)
            else:
                modules[file] = text
        return cls.of(str(root), modules, data)

    @classmethod
    def of(cls, path: str, modules: Mapping[str, str], data: Mapping[str, Any]) -> Pack:
        """The pack of these modules, by their path in it, tests included; `path` is for messages.

        Raises:
            PolicyError: a module is not what its path says, or there is no rule.
        """
        files: dict[str, str] = {}
        tests: dict[str, str] = {}
        rules: list[Rule] = []
        for file, text in sorted(modules.items()):
            parts = PurePosixPath(file).parts
            if file.endswith(_TEST):
                check_package(text, _package(parts), file=file)
                tests[file] = text
            else:
                files[file] = text
                if parts[0] == "lib":
                    check_package(text, _package(parts), file=file)
                else:
                    rules.append(parse_rule(parts[0], parts[1], text, file=file))
        if not rules:
            raise PolicyError(f"`{path}` has no rules", help=_LAYOUT)
        return cls(path=path, files=files, tests=tests, data=data, rules=tuple(rules), revision=_revision(files, data))

    @property
    def modes(self) -> Mapping[str, Mode]:
        """The rules by id, and whether each decides or is only watched."""
        return {rule.id: rule.mode for rule in self.rules}

    @property
    def modules(self) -> Mapping[str, str]:
        """The deciding modules and the generated entry: what an engine loads."""
        return {**self.files, ENTRY_FILE: entry_module(self.rules, self.revision)}

    def compile(self, *, cache: Path | None = None) -> Policy:
        """The pack compiled for the embedded engine; `cache` is a folder for compiled text, keyed by content.

        Raises:
            PolicyError: the Rego does not compile; names file and line.
        """
        from guard.policy.rego import compile as compile_rego

        return compile_rego(self.modules, entrypoints=(ENTRY_POINT,), cache=cache)


def _from_bundle(path: Path, key: VerificationKey | None) -> Pack:
    """The pack in a bundle; its signature is checked before anything in it is read."""
    from guard.policy.bundle import archive
    from guard.policy.bundle.contents import read_contents
    from guard.policy.bundle.signature import SIGNATURES, verify

    files = archive.read(path)
    if key is not None:
        try:
            verify(files, key)
        except PolicyError as error:
            raise PolicyError(f"the bundle `{path}` is refused: {error.message}", help=error.help) from None
    elif SIGNATURES in files:
        raise PolicyError(
            f"the bundle `{path}` is signed, and no key is given to check it",
            help="name the key: `policy.bundle_key` in guard.toml, or `--key` on the command line",
        )
    contents = read_contents(files)
    data: dict[str, Any] = {}
    for file, folders, document in contents.data:
        _insert(data, folders, document, file)
    strangers = sorted(set(data) - {"config"})
    if strangers:
        raise PolicyError(f"the bundle `{path}` brings data on `{strangers[0]}`", help="a pack's data is `data.config`")
    if not isinstance(data.setdefault("config", {}), dict):
        raise PolicyError(f"the bundle `{path}`: `config` is not a map", help="write `key: value` pairs")
    for file in contents.modules:
        if not _in_layout(PurePosixPath(file).parts):
            raise PolicyError(f"`{file}` does not belong here", help=_LAYOUT)
    return Pack.of(str(path), contents.modules, data)


def _read(root: Path) -> dict[str, str]:
    """Every file of the pack by its POSIX path, in order; hidden files are left alone, strange ones refused."""
    if not root.is_dir():
        raise PolicyError(f"`{root}` is not a folder", help="name the folder of a rule pack")
    found = sorted(path for path in root.rglob("*") if not path.is_dir())
    if len(found) > MAX_FILES:
        raise PolicyError(f"`{root}` has more than {MAX_FILES} files", help="this is not a rule pack")
    texts: dict[str, str] = {}
    for path in found:
        file = path.relative_to(root).as_posix()
        if any(part.startswith(".") for part in PurePosixPath(file).parts) or file.endswith(".md"):
            continue
        if not _in_layout(PurePosixPath(file).parts):
            raise PolicyError(f"`{file}` does not belong here", help=_LAYOUT)
        texts[file] = _text(path, file)
    return texts


def _text(path: Path, file: str) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise PolicyError(f"`{file}` is larger than {MAX_FILE_BYTES} bytes", help="split it")
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise PolicyError(f"`{file}` is not UTF-8", help="save it as UTF-8") from None
    except OSError as error:
        raise PolicyError(f"`{file}` cannot be read: {error.strerror}", help="check the file's rights") from None


def _in_layout(parts: tuple[str, ...]) -> bool:
    match parts:
        case ("config", *_, "data.yaml"):
            return True
        case ("lib", name):
            return name.endswith(".rego")
        case (category, rule, name) if category not in {"config", "lib"}:
            return name in {f"{rule}.rego", f"{rule}{_TEST}"}
    return False


def _package(parts: tuple[str, ...]) -> str:
    """`access/x/x_test.rego` -> `guard.access.x_test`; `lib/tables.rego` -> `guard.lib.tables`."""
    return f"guard.{parts[0]}.{parts[-1].removesuffix('.rego')}"


def _insert(tree: dict[str, Any], folders: tuple[str, ...], content: Any, file: str) -> None:
    """Puts a data file at its folders' place; two files that set one key are an error, not a race."""
    if not isinstance(content, dict):
        raise PolicyError(f"`{file}`:1: the top is not a map", help="write `key: value` pairs")
    for folder in folders:
        tree = tree.setdefault(folder, {})
        if not isinstance(tree, dict):
            raise PolicyError(f"`{file}`: `{folder}` is a value in another file", help="rename one of them")
    for key, value in content.items():
        if key in tree:
            raise PolicyError(f"`{file}`: `{key}` is set in another file too", help="keep one of them")
        tree[key] = value


def _revision(files: Mapping[str, str], data: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of modules and data: equal content, equal revision, wherever it lies."""
    canonical = msgspec.json.encode([dict(files), data], order="deterministic")
    return f"sha256:{hashlib.sha256(canonical).hexdigest()}"
