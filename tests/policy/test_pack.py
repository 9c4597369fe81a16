"""A pack is read strictly: each kind of mistake has its own words, with file and line."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from guard.errors import PolicyError
from guard.policy.metadata import Mode
from guard.policy.pack import MAX_FILE_BYTES, Pack
from tests.policy.conftest import RULES

RULE = """# METADATA
# title: T
# description: D
# custom:
#   severity: low
#   mode: enforce
package guard.access.one

allow contains {"message": "yes"} if input.purpose == data.config.purpose
"""
FILE = "access/one/one.rego"


def write(folder: Path, **files: str) -> Path:
    """A pack with one good rule, and what the test adds or replaces (`__` stands for `/`)."""
    for name, text in {"access__one__one.rego": RULE, "config__data.yaml": "purpose: x\n", **files}.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_a_pack_is_its_rules_data_and_revision(tmp_path: Path) -> None:
    """The tree says everything: id, package, sets, mode, data."""
    pack = Pack.load(write(tmp_path, **{"config__a__b__data.yaml": "c: [1, two]\n"}))
    assert [(rule.id, rule.file, rule.contributes, rule.mode) for rule in pack.rules] == [
        ("access.one", FILE, ("allow",), Mode.ENFORCE)
    ]
    assert pack.data == {"config": {"purpose": "x", "a": {"b": {"c": [1, "two"]}}}}
    assert pack.revision.startswith("sha256:")
    assert len(pack.revision) == len("sha256:") + 64


def test_the_folder_above_policy_is_found_too(tmp_path: Path) -> None:
    """`rules` in the configuration names the folder that also holds taxonomy and schemes."""
    write(tmp_path / "policy")
    (tmp_path / "taxonomy").mkdir()
    assert [rule.id for rule in Pack.load(tmp_path).rules] == ["access.one"]


def test_the_revision_is_the_content(tmp_path: Path) -> None:
    """Equal content in another folder: equal revision. A changed rule, datum or module: another one."""
    first = Pack.load(write(tmp_path / "a"))
    assert Pack.load(write(tmp_path / "b")).revision == first.revision
    changed = [
        write(tmp_path / "c", **{"access__one__one.rego": RULE.replace("yes", "no")}),
        write(tmp_path / "d", **{"config__data.yaml": "purpose: y\n"}),
        write(tmp_path / "e", **{"lib__more.rego": "package guard.lib.more\n\nx := 1\n"}),
    ]
    revisions = {Pack.load(path).revision for path in changed}
    assert len(revisions | {first.revision}) == 4
    tested = write(tmp_path / "f", **{"access__one__one_test.rego": "package guard.access.one_test\n"})
    assert Pack.load(tested).revision == first.revision  # a test decides nothing


def rule_with(old: str, new: str) -> Callable[[Path], Path]:
    """The good pack with a change in its rule."""
    assert old in RULE
    return lambda folder: write(folder, **{"access__one__one.rego": RULE.replace(old, new)})


def with_file(name: str, text: str) -> Callable[[Path], Path]:
    """The good pack and one more file."""
    return lambda folder: write(folder, **{name: text})


BROKEN: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no folder": (lambda folder: folder / "nowhere", "`{root}/nowhere` is not a folder"),
    "no rules": (lambda folder: folder, "`{root}` has no rules"),
    "a stray file": (with_file("access__notes.txt", "x"), "`access/notes.txt` does not belong here"),
    "another name": (with_file("access__one__two.rego", RULE), "`access/one/two.rego` does not belong here"),
    "an id": (
        with_file("Access__one__one.rego", RULE),
        "`Access/one/one.rego`: `Access` cannot be part of a rule's id",
    ),
    "no package": (rule_with("package guard.access.one", ""), "`access/one/one.rego`:1: no package line"),
    "another package": (
        rule_with("guard.access.one", "guard.access.two"),
        "`access/one/one.rego`:7: package `guard.access.two` does not match the path",
    ),
    "a test's package": (
        with_file("access__one__one_test.rego", "package guard.access.one\n"),
        "`access/one/one_test.rego`:1: package `guard.access.one` does not match the path",
    ),
    "a library's package": (
        with_file("lib__x.rego", "package guard.access.one\n"),
        "`lib/x.rego`:1: package `guard.access.one` does not match the path",
    ),
    "no metadata": (rule_with("# METADATA\n", ""), "`access/one/one.rego`:1: the rule has no metadata"),
    "metadata apart": (
        rule_with("mode: enforce\n", "mode: enforce\n\n"),
        "`access/one/one.rego`:1: the metadata does not reach the package line",
    ),
    "no title": (
        rule_with("# title: T\n", ""),
        "`access/one/one.rego`:2: the metadata does not fit: object missing required field `title`",
    ),
    "a key of metadata": (
        rule_with("title: T", "title: T\n# colour: red"),
        "`access/one/one.rego`:2: the metadata does not fit: object contains unknown field `colour`",
    ),
    "a mode": (
        rule_with("mode: enforce", "mode: maybe"),
        "`access/one/one.rego`:2: the metadata does not fit: invalid enum value 'maybe' - at `$.custom.mode`",
    ),
    "metadata is not YAML": (
        rule_with("title: T", "title: ["),
        "`access/one/one.rego`:4: not valid YAML: expected ',' or ']', but got ':'",
    ),
    "nothing said": (
        rule_with("allow contains", "permit contains"),
        "`access/one/one.rego`:1: the rule contributes nothing to the decision",
    ),
    "no set": (
        rule_with('allow contains {"message": "yes"} if', "deny if"),
        "`access/one/one.rego`:9: `deny` is not written as a set",
    ),
    "a default": (
        rule_with("allow contains", "default deny := false\n\nallow contains"),
        "`access/one/one.rego`:9: `deny` is not written as a set",
    ),
    "an indented head": (
        rule_with("allow contains", "  deny := {1}\nallow contains"),
        "`access/one/one.rego`:9: `deny` is not written as a set",
    ),
    "data that is no map": (with_file("config__x__data.yaml", "- 1\n"), "`config/x/data.yaml`:1: the top is not a map"),
    "no data": (with_file("config__x__data.yaml", ""), "`config/x/data.yaml`:1: the top is not a map"),
    "a key twice": (
        with_file("config__x__data.yaml", "a: 1\nb: 2\na: 3\n"),
        "`config/x/data.yaml`:3: the key `a` stands here twice",
    ),
    "a key in two files": (
        lambda folder: write(folder, **{"config__x__data.yaml": "a: 1\n", "config__data.yaml": "x: {a: 2}\n"}),
        "`config/x/data.yaml`: `a` is set in another file too",
    ),
    "a date": (
        with_file("config__x__data.yaml", "a: 2026-01-01\n"),
        "`config/x/data.yaml`:1: a value of type `timestamp` has no counterpart in JSON",
    ),
    "a tag": (
        with_file("config__x__data.yaml", "a: !!python/object:os.system x\n"),
        "`config/x/data.yaml`:1: a value of type `python/object:os.system` has no counterpart in JSON",
    ),
    "an alias": (
        with_file("config__x__data.yaml", "a: &x [1]\nb: *x\n"),
        "`config/x/data.yaml`:2: not valid YAML: an alias is not allowed",
    ),
    "infinity": (with_file("config__x__data.yaml", "a: .inf\n"), "`config/x/data.yaml`:1: a number is not finite"),
    "a yes": (with_file("config__x__data.yaml", "yes: 1\n"), "`config/x/data.yaml`:1: a key is not a string"),
    "two documents": (
        with_file("config__x__data.yaml", "a: 1\n---\na: 2\n"),
        "`config/x/data.yaml`:2: not valid YAML: but found another document",
    ),
    "too large": (
        with_file("config__x__data.yaml", "a: " + "x" * MAX_FILE_BYTES),
        f"`config/x/data.yaml` is larger than {MAX_FILE_BYTES} bytes",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_mistake_has_its_words_and_a_cure(name: str, tmp_path: Path) -> None:
    """The message is exact: file, line, offender; and there is a help line."""
    make, message = BROKEN[name]
    with pytest.raises(PolicyError) as caught:
        Pack.load(make(tmp_path))
    assert caught.value.message == message.replace("{root}", str(tmp_path))
    assert caught.value.help


def test_deep_yaml_is_an_error_not_a_crash(tmp_path: Path) -> None:
    """A bomb of brackets is refused."""
    with pytest.raises(PolicyError):
        Pack.load(write(tmp_path, **{"config__x__data.yaml": "a: " + "[" * 100_000}))


def test_not_utf8(tmp_path: Path) -> None:
    """Rules are UTF-8."""
    (write(tmp_path) / FILE).write_bytes(RULE.encode() + b"\xff")
    with pytest.raises(PolicyError, match=f"`{FILE}` is not UTF-8"):
        Pack.load(tmp_path)


def test_names_of_sets_in_comments_strings_and_bodies_are_left_alone(tmp_path: Path) -> None:
    """Only heads count."""
    body = (
        'allow contains {"message": "yes"} if {\n'
        "\t# deny if nothing\n"
        '\tinput.purpose != "\\ndeny if x"\n'
        "\tlimit := {\n\t\t1,\n\t}\n"
        "\tcount(limit) == 1\n"
        "}\n"
    )
    source = RULE.replace('allow contains {"message": "yes"} if input.purpose == data.config.purpose\n', body)
    assert Pack.load(write(tmp_path, **{"access__one__one.rego": source})).rules[0].contributes == ("allow",)


def test_rego_that_does_not_compile_names_file_and_line(tmp_path: Path) -> None:
    """The pack's shape is right; the compiler finds the rest."""
    pack = Pack.load(write(tmp_path, **{"access__one__one.rego": RULE.replace("if input", "if { input")}))
    with pytest.raises(PolicyError) as caught:
        pack.compile()
    assert FILE in caught.value.message
    assert ":9" in caught.value.message


def test_the_default_pack_survives_a_copy(tmp_path: Path) -> None:
    """What a security team does first: copy the folder and point guard at it."""
    shutil.copytree(RULES / "policy", tmp_path / "ours")
    assert Pack.load(tmp_path / "ours").revision == Pack.load(RULES).revision
