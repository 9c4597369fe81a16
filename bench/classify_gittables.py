"""Real tables, labelled by hand: the type of each column, and whether it is sensitive; cross-validated by table.

The rules judge every column first. `guard.classify.local_truth` then learns from the labels of seven eighths of the
tables what these people call each kind, and answers for the tables of the last eighth, which it has not seen: nothing
is fitted on the tables that are scored. A column is called sensitive when its type is personal and it holds values:
an empty one gives nothing away. The figures of the rules alone stand in the context.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.result import Result

RULES = Path(__file__).resolve().parents[1] / "rules"
FILE = Path(os.environ.get("GUARD_SHARED_DATA", RULES.parent.parent / "shared" / "data")) / "gittables/columns_dev.json"
FOLDS = 8
NOTHING = "None"
# Types of the labels that are not about a person; the macro mean is over the others.
NEUTRAL = {NOTHING, "GENERIC_ID", "ORGANIZATION_NAME", "URL"}
NAMES = {
    "person.age": "AGE", "person.marital_status": "MARITAL_STATUS", "intl.url": "URL", "intl.email": "EMAIL_ADDRESS",
    "intl.date_of_birth": "DATE_OF_BIRTH", "person.ethnicity": "ETHNIC_GROUP", "person.sex": "GENDER",
    "intl.gps": "GEO_COORDINATES", "person.name_en": "PERSON_NAME", "intl.phone": "PHONE_NUMBER",
    "us.phone": "PHONE_NUMBER", "person.address_en": "STREET_ADDRESS", "cn.postcode": "ZIPCODE",
    "person.occupation": "OCCUPATION", "person.language": "SPOKEN_LANGUAGE",
}  # fmt: skip


def f1(truth: Sequence[str], said: Sequence[str], kind: str) -> float:
    """F1 of one kind.

    >>> f1(["a", "b", "a"], ["a", "a", "b"], "a")
    0.5
    """
    hits = sum(t == s == kind for t, s in zip(truth, said, strict=True))
    return 2.0 * hits / max(1, truth.count(kind) + list(said).count(kind)) if hits else 0.0


def run() -> Result:
    """Types and sensitivity, cross-validated by table.

    Raises:
        FileNotFoundError: the labelled tables are not there.
    """
    import pyarrow as pa

    from guard.classify import Classifier
    from guard.classify.local_truth import LocalTruth, features
    from guard.model import Dataset

    classifier = Classifier.load(RULES)
    labels, columns, types, sensitive, fold = [], [], [], [], []
    for number, (name, table) in enumerate(sorted(json.loads(FILE.read_text("utf-8")).items())):
        values = {column: list(map(str, row["records"])) for column, row in table["columns"].items()}
        judged = classifier.classify_table(pa.table(values), dataset=Dataset("file", name))
        by_path = {label.field.path: label for label in judged}
        for column, row in table["columns"].items():
            labels.append(by_path[column])
            columns.append(features(by_path[column], values[column]))
            types.append(str(row["pii_gt"]))
            sensitive.append("yes" if row["sensitivity_gt"] else "no")
            fold.append(number % FOLDS)
    said_type, said_sensitive = [""] * len(labels), [""] * len(labels)
    for held in range(FOLDS):
        known = [index for index, at in enumerate(fold) if at != held]
        model = LocalTruth(NAMES)
        model.fit([columns[index] for index in known], [types[index] for index in known])
        for index in (index for index, at in enumerate(fold) if at == held):
            said_type[index] = model.answer(columns[index], labels[index])
            personal = said_type[index] not in NEUTRAL and not columns[index]["nothing"]
            said_sensitive[index] = "yes" if personal else "no"
    counts = Counter(types)
    kinds = sorted(kind for kind in counts if kind not in NEUTRAL)
    each = {kind: f1(types, said_type, kind) for kind in counts}
    for kind, count in counts.most_common():
        print(f"{kind}: {count} columns, F1 {each[kind]:.3f}")
    rules = ["yes" if label.verdict == "sensitive" else "no" for label in labels]
    named = [kind for kind in counts if kind != NOTHING]
    total = sum(counts[kind] for kind in kinds)
    context: dict[str, object] = {
        "columns": len(labels),
        "tables": number + 1,
        "sensitive_f1_rules_alone": f1(sensitive, rules, "yes"),
        "all_types_weighted_f1": sum(each[kind] * counts[kind] for kind in named) / sum(counts[k] for k in named),
    }
    return Result(
        {
            "type_weighted_f1": sum(each[kind] * counts[kind] for kind in kinds) / total,
            "type_macro_f1": sum(each[kind] for kind in kinds) / len(kinds),
            "sensitive_f1": f1(sensitive, said_sensitive, "yes"),
        },
        context,
    )
