"""The documents of this room say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from guard.anonymize import registry
from guard.anonymize.peers import PEERS
from guard.anonymize.plan import ACTIONS, Plan
from guard.anonymize.reference import page
from tests.anonymize.cases import FOLDER

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_of_the_transforms_is_made_from_the_code() -> None:
    """The checked-in page is the generated one, with a section for each transform."""
    assert (DOCS / "reference" / "transforms.md").read_text("utf-8") == page()
    assert all(f"\n## {name}\n" in page() for name in registry.ids())


# TransformationType of Google's API without UNSPECIFIED; the mask types of Ranger's Hive service definition.
GOOGLE = {
    *(
        "RECORD_SUPPRESSION",
        "REPLACE_VALUE",
        "REPLACE_DICTIONARY",
        "REDACT",
        "CHARACTER_MASK",
        "CRYPTO_REPLACE_FFX_FPE",
    ),
    *("FIXED_SIZE_BUCKETING", "BUCKETING", "REPLACE_WITH_INFO_TYPE", "TIME_PART", "CRYPTO_HASH", "DATE_SHIFT"),
    *("CRYPTO_DETERMINISTIC_CONFIG", "REDACT_IMAGE"),
}
RANGER = {
    *("MASK", "MASK_SHOW_LAST_4", "MASK_SHOW_FIRST_4", "MASK_HASH", "MASK_NULL", "MASK_NONE", "MASK_DATE_SHOW_YEAR"),
    "CUSTOM",
}


def test_every_operator_of_the_peers_has_its_row() -> None:
    """Google's 14, Ranger's 8 and what the installed presidio-anonymizer has; each row names what exists here."""
    import presidio_anonymizer.operators as theirs

    kinds = (theirs.OperatorsFactory().get_anonymizers(), theirs.OperatorsFactory().get_deanonymizers())
    presidio = {name for kind in kinds for name in kind} | {"surrogate_ahds"}
    rows: dict[str, list[str]] = {}
    for peer in PEERS:
        rows.setdefault(peer.tool, []).append(peer.name)
        assert set(peer.ours) <= {*registry.ids(), *ACTIONS}
    assert (sorted(rows["Google"]), sorted(rows["Ranger"])) == (sorted(GOOGLE), sorted(RANGER))
    assert sorted(rows["presidio"]) == sorted(presidio)


def test_the_plans_in_the_documents_load() -> None:
    """Each YAML block that begins with a version is a plan."""
    texts = [path.read_text("utf-8") for path in (DOCS / "reference/plan.md", DOCS / "how-to/anonymise-a-file.md")]
    plans = [block for text in texts for block in re.findall(r"```yaml\n(version: 1\n.*?)```", text, re.DOTALL)]
    assert len(plans) >= 2
    for text in plans:
        plan = Plan.parse(text, read=lambda _: (FOLDER / "jobs.csv").read_bytes())
        assert Plan.parse(plan.to_yaml(), read=lambda _: (FOLDER / "jobs.csv").read_bytes()) == plan
