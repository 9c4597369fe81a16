"""The documents of this room say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from guard.anonymize import registry
from guard.anonymize.plan import Plan
from guard.anonymize.reference import page
from tests.anonymize.cases import FOLDER

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_of_the_transforms_is_made_from_the_code() -> None:
    """The checked-in page is the generated one, with a section for each transform."""
    assert (DOCS / "reference" / "transforms.md").read_text("utf-8") == page()
    assert all(f"\n## {name}\n" in page() for name in registry.ids())


def test_the_plans_in_the_documents_load() -> None:
    """Each YAML block that begins with a version is a plan."""
    texts = [path.read_text("utf-8") for path in (DOCS / "reference/plan.md", DOCS / "how-to/anonymise-a-file.md")]
    plans = [block for text in texts for block in re.findall(r"```yaml\n(version: 1\n.*?)```", text, re.DOTALL)]
    assert len(plans) >= 2
    for text in plans:
        plan = Plan.parse(text, read=lambda _: (FOLDER / "jobs.csv").read_bytes())
        assert Plan.parse(plan.to_yaml(), read=lambda _: (FOLDER / "jobs.csv").read_bytes()) == plan
