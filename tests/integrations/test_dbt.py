"""dbt: a manifest is read, and the patch is a properties file that names its columns as dbt does."""

from __future__ import annotations

import json

import pytest
import yaml

from guard.errors import UsageError
from guard.integrations.dbt import patch, resources
from guard.model import Dataset, FieldLabel, FieldRef, Label

MANIFEST = json.dumps(
    {
        "metadata": {"dbt_schema_version": "dbt/manifest/v12", "adapter_type": "postgres"},
        "nodes": {
            "model.shop.people": {
                "resource_type": "model", "name": "people", "alias": "people_v2", "database": "DB", "schema": "public",
                "columns": {"Phone": {"name": "Phone"}},
            },
            "test.shop.unique": {"resource_type": "test", "name": "unique"},
        },
        "sources": {
            "source.shop.crm.calls": {
                "resource_type": "source", "name": "calls", "identifier": "calls", "source_name": "crm",
                "database": "db", "schema": "raw", "columns": {},
            }
        },
    }
)  # fmt: skip


def label(dataset, path, verdict="sensitive"):
    found = Label("cn.mobile", 3) if verdict == "sensitive" else None
    return FieldLabel(FieldRef(Dataset("postgres://h:5432", dataset), path), verdict, found, 0.98765)


def test_relations_of_a_project():
    """By database, schema and identifier; tests are none."""
    assert [(each.relation, each.kind, each.source) for each in resources(MANIFEST)] == [
        ("db.public.people_v2", "model", ""),
        ("db.raw.calls", "source", "crm"),
    ]


def test_a_patch_names_models_and_sources_and_their_columns():
    """Columns as the project spells them; what is clean, or not in the project, is not in the patch."""
    labels = [
        label("db.public.people_v2", "phone"),
        label("db.public.people_v2", "id", "clean"),
        label("raw.calls", "caller"),
        label("db.other.people", "phone"),
    ]
    about = {"guard": {"kind": "cn.mobile", "level": 3, "state": "raw", "score": 0.9877}}
    assert yaml.safe_load(patch(MANIFEST, labels)) == {
        "version": 2,
        "models": [{"name": "people", "columns": [{"name": "Phone", "tags": ["guard", "cn.mobile"], "meta": about}]}],
        "sources": [
            {
                "name": "crm",
                "tables": [
                    {"name": "calls", "columns": [{"name": "caller", "tags": ["guard", "cn.mobile"], "meta": about}]}
                ],
            }
        ],
    }


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"nodes": []}', "[" * 100_000])
def test_what_is_no_manifest_is_refused(text):
    """Never read as an empty project."""
    with pytest.raises(UsageError):
        patch(text, [])
