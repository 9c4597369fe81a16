"""Referential consistency: one value, key and purpose give one pseudonym, wherever it is computed."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlglot import exp

from guard.anonymize.apply import apply
from guard.anonymize.files import anonymize_file
from guard.anonymize.mask_sql import Masks
from guard.anonymize.plan import Plan
from guard.errors import KeyUnavailableError
from guard.model import Mask, TableName
from guard.sql.masking import Parameters
from tests.anonymize.cases import KEYRING
from tests.anonymize.engines import duckdb_run, postgres_runner, sqlite_run

IDS = ["110105194912310021", "张三", "𠮷野家", "110105194912310021"]


def _plan(purpose: str = "research", domain: str = "person") -> Plan:
    body = f"{{transform: pseudonym, domain: {domain}}}"
    return Plan.parse(f"version: 1\npurpose: {purpose}\nfields:\n  id: {body}\ndefault: keep\n")


def _tokens(plan: Plan) -> list[Any]:
    return apply(pa.table({"id": IDS}), plan, KEYRING).column("id").to_pylist()


@pytest.mark.postgres
def test_tables_files_and_engines_agree(tmp_path: Path, postgres: Any) -> None:
    """A table, a CSV, a Parquet and a JSON file, and three databases give the same tokens."""
    expected = _tokens(_plan())
    (tmp_path / "in.csv").write_text("id\n" + "\n".join(IDS) + "\n", "utf-8")
    anonymize_file(tmp_path / "in.csv", tmp_path / "out.parquet", _plan(), KEYRING)
    assert pq.read_table(tmp_path / "out.parquet").column("id").to_pylist() == expected
    mask = Mask(TableName("t"), "c", "pseudonym", {"domain": "person", "purpose": "research"})
    runs = {"duckdb": duckdb_run, "sqlite": sqlite_run, "postgres": postgres_runner(postgres.create_database())}
    for dialect, run in runs.items():
        bound = Parameters()
        masked = Masks(KEYRING)(mask, exp.column("c"), column_type="TEXT", dialect=dialect, parameters=bound)
        assert run(pa.array(IDS), "TEXT" if dialect != "duckdb" else "VARCHAR", masked, bound) == expected


def test_foreign_keys_still_join() -> None:
    """Two tables with the same people join on tokens exactly where they joined on ids."""
    left, right = pa.table({"id": ["a", "b", "c"]}), pa.table({"id": ["b", "c", "d"]})
    one, two = (set(apply(table, _plan(), KEYRING).column("id").to_pylist()) for table in (left, right))
    assert len(one & two) == 2


def test_purposes_domains_and_versions_are_unlinkable() -> None:
    """No token of one purpose, domain or key version occurs under another."""
    kinds = [_plan(), _plan(purpose="marketing"), _plan(domain="doctor")]
    sets = [{token[3:] for token in _tokens(plan)} for plan in kinds]
    assert sum(len(part) for part in sets) == len(set.union(*sets)) == 9
    older = Plan.parse(_plan().to_yaml().replace("domain: person", "domain: person\n    version: 1"))
    assert {token[:3] for token in _tokens(older)} == {"g1_"}
    assert {token[:3] for token in _tokens(_plan())} == {"g2_"}
    assert not {token[3:] for token in _tokens(older)} & sets[0]


def test_the_token_is_the_hmac_that_the_page_describes() -> None:
    """HKDF-SHA256 (RFC 5869) and HMAC-SHA256 written out once more, with nothing of guard's code."""

    def sized(text: str) -> bytes:
        return len(text.encode()).to_bytes(2, "big") + text.encode()

    info = sized("guard/keys/1") + sized("research") + sized("pseudonym:person")
    extracted = hmac.digest(bytes(32), bytes(range(32, 64)), "sha256")
    key = hmac.digest(extracted, info + b"\x01", "sha256")
    expected = "g2_" + hmac.new(key, "张三".encode(), hashlib.sha256).hexdigest()[:24]
    assert _tokens(_plan())[1] == expected


def test_no_key_no_pseudonym() -> None:
    """Without a keyring, or with an unknown version, nothing is computed."""
    with pytest.raises(KeyUnavailableError, match="needs a key"):
        apply(pa.table({"id": IDS}), _plan(), None)
    missing = Plan.parse(_plan().to_yaml().replace("domain: person", "version: 7"))
    with pytest.raises(KeyUnavailableError, match="version `7` is not in the keyring"):
        apply(pa.table({"id": IDS}), missing, KEYRING)
