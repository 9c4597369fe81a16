"""The rule files: strict, complete, and errors that name file and key."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from guard.classify import Classifier, lexicon, schemes, taxonomy
from guard.classify.columns import FREE_TEXT
from guard.classify.prose import TEXT_KINDS
from guard.classify.registry import detectors
from guard.errors import ConfigError


@pytest.fixture
def pack(tmp_path: Path, rules: Path) -> Path:
    """A copy of the default pack that a test may break."""
    for part in ("taxonomy", "names", "schemes"):
        shutil.copytree(rules / part, tmp_path / part)
    return tmp_path


def broken(path: Path, text: str) -> None:
    """Adds text to a rule file."""
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def test_every_detector_has_a_row(rules: Path) -> None:
    """No detector reports a kind that the taxonomy does not know."""
    assert set(detectors()) <= set(taxonomy.load(rules / "taxonomy").kinds)


def test_every_kind_can_be_found(rules: Path) -> None:
    """A kind has a detector, or a name in the lexicon and a form for its values: otherwise it could never be
    reported."""
    words, _ = lexicon.load(rules / "names")
    rows = taxonomy.load(rules / "taxonomy").kinds
    # by what stands inside; as a part of another kind, by lineage; in running text
    unfound = {FREE_TEXT, "cn.region", "cn.carrier"} | TEXT_KINDS
    rows = {kind: row for kind, row in rows.items() if kind not in unfound}
    assert [
        kind for kind, row in rows.items() if kind not in detectors() and (kind not in words.kinds or not row.values)
    ] == []


def test_labels_in_three_writings(rules: Path) -> None:
    """Every kind and category reads in English, 简体 and 繁體."""
    loaded = taxonomy.load(rules / "taxonomy")
    for names in (*(kind.labels for kind in loaded.kinds.values()), *loaded.categories.values()):
        assert all(names.of(script) for script in ("en", "zh-Hans", "zh-Hant"))


def test_neutral_kinds_are_level_one(rules: Path) -> None:
    """What is not sensitive has the lowest level, and the reverse."""
    rows = taxonomy.load(rules / "taxonomy").kinds.values()
    assert [row.id for row in rows if row.sensitive == (row.level == 1)] == []


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("taxonomy/neutral.yaml", "colour: red\n", "colour"),
        ("taxonomy/neutral.yaml", "  x.y:\n    level: 9\n    labels: {en: a, zh-Hans: b, zh-Hant: c}\n", "level"),
        (
            "taxonomy/neutral.yaml",
            "  intl.email:\n    level: 1\n    labels: {en: a, zh-Hans: b, zh-Hant: c}\n",
            "intl.email",
        ),
        (
            "taxonomy/neutral.yaml",
            "  x.y:\n    level: 2\n    values: '('\n    labels: {en: a, zh-Hans: b, zh-Hant: c}\n",
            "x.y.values",
        ),
        ("names/device.yaml", "no.such_kind:\n  strong: [thing]\n", "no.such_kind"),
        ("names/device.yaml", "intl.ipv4:\n  strong: [thing]\n", "intl.ipv4"),
        ("names/device.yaml", "x.y:\n  loud: [thing]\n", "loud"),
        ("names/frame.yaml", "more: [a]\n", "more"),
        ("names/device.yaml", "x: [\n", "line"),
    ],
)
def test_a_broken_pack_is_refused(pack: Path, file: str, text: str, says: str) -> None:
    """An unknown key, a level outside the scale, a kind twice or unknown, bad YAML: refused, and the message names
    file and key."""
    broken(pack / file, text)
    with pytest.raises(ConfigError) as caught:
        Classifier.load(pack)
    assert says in caught.value.message
    assert Path(file).parent.name in caught.value.message


def test_a_missing_row_is_refused(pack: Path) -> None:
    """A detector without a row stops the load: fail closed, not silently unlabelled."""
    path = pack / "taxonomy" / "neutral.yaml"
    text = path.read_text("utf-8")
    at = text.index("  intl.uuid:")
    path.write_text(text[:at], "utf-8")
    names = pack / "names" / "device.yaml"
    words = names.read_text("utf-8")
    names.write_text(words[: words.index("intl.uuid:")], "utf-8")
    with pytest.raises(ConfigError, match=r"intl\.uuid"):
        Classifier.load(pack)


def test_version_changes_with_the_rules(pack: Path, classifier: Classifier) -> None:
    """One new phrase is another version."""
    assert Classifier.load(pack).version == classifier.version
    path = pack / "names" / "device.yaml"
    path.write_text(path.read_text("utf-8").replace("[imsi]", "[imsi, sim subscriber]"), "utf-8")
    assert Classifier.load(pack).version != classifier.version


def test_a_security_team_can_add_a_name(pack: Path) -> None:
    """A phrase that is added to the lexicon is used at once."""
    import pyarrow as pa

    from guard.model import Dataset

    path = pack / "names" / "device.yaml"
    path.write_text(path.read_text("utf-8").replace("[imsi]", "[imsi, zauberkarte]"), "utf-8")
    label = Classifier.load(pack).classify_table(
        pa.table({"zauberkarte": pa.array([], pa.string())}), dataset=Dataset("x", "t")
    )[0]
    assert label.label is not None
    assert label.label.kind == "intl.imsi"


# --- schemes ----------------------------------------------------------------------------------------------


def loaded(pack: Path) -> schemes.Schemes:
    """The schemes of a pack."""
    return schemes.load(pack / "schemes", taxonomy.load(pack / "taxonomy").kinds)


def test_only_certain_rows_ship(rules: Path) -> None:
    """Every shipped row was read in the official text, has a clause and a source, and no open check."""
    rows = loaded(rules).mappings
    assert {row.certainty for row in rows} == {"O"}
    assert all(row.clause and row.source and row.category_zh and row.category_en for row in rows)
    assert loaded(rules).names() == (
        *("ccpa", "cross_border", "gbt35273", "gbt43697", "gbt45574", "gdpr", "hipaa", "jrt0197", "mlps", "pcidss"),
        *("pipl", "secrecy"),
    )


@pytest.mark.parametrize("doubt", ["certainty: M", "certainty: O, check: true"])
def test_an_uncertain_row_is_refused(pack: Path, doubt: str) -> None:
    """A row from memory, or with a check to do, does not load."""
    broken(
        pack / "schemes" / "pcidss.yaml",
        f"  - {{clause: 3.3.1, kinds: [finance.card_security], category_en: a, category_zh: b, {doubt}}}\n",
    )
    with pytest.raises(ConfigError, match=r"3\.3\.1"):
        loaded(pack)


def test_an_unknown_kind_in_a_scheme_is_refused(pack: Path) -> None:
    """A mapping of a kind that does not exist would never be seen to be wrong."""
    broken(
        pack / "schemes" / "pcidss.yaml",
        "  - {clause: x, kinds: [no.such], category_en: a, category_zh: b, certainty: O}\n",
    )
    with pytest.raises(ConfigError, match=r"no\.such"):
        loaded(pack)


@pytest.mark.parametrize(("day", "in_force"), [("2021-10-31", False), ("2021-11-01", True), ("2026-01-01", True)])
def test_as_of(rules: Path, day: str, in_force: bool) -> None:
    """PIPL speaks from the day it is in force on."""
    rows = loaded(rules).of("person.religion", as_of=dt.date.fromisoformat(day), scheme="pipl")
    assert [(row.clause, row.category_zh) for row in rows] == ([("art. 28", "宗教信仰")] if in_force else [])


def test_under_fourteen_is_two_predicates(rules: Path) -> None:
    """PIPL says under fourteen, GB/T 35273 fourteen and under: both stand, not averaged."""
    rows = loaded(rules).of("person.age", as_of=dt.date(2025, 1, 1))
    assert {row.scheme: row.predicate for row in rows if row.scheme in {"pipl", "gbt35273"}} == {
        "pipl": "age<14",
        "gbt35273": "age<=14",
    }


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        ("cn.resident_id", 3),
        ("cn.mobile", 3),
        ("secret.password", 4),
        ("person.biometric", 4),
        ("cn.uscc", 1),
        ("person.criminal_record", 2),
    ],
)
def test_levels_of_finance(rules: Path, kind: str, level: int) -> None:
    """The minimum levels of JR/T 0197 table A.1."""
    assert [row.level for row in loaded(rules).of(kind, as_of=dt.date(2025, 1, 1), scheme="jrt0197")] == [level]
