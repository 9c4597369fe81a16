"""The vault's table: the first token of a value stays its token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from guard.store.store import Store


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_the_first_token_stays(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """A second offer for a lookup changes nothing, another domain has its own, a restart forgets nothing."""
    where: Any = tmp_path / "guard.db" if kind == "sqlite" else request.getfixturevalue("postgres").create_database()
    with Store.open(str(where)) as store:
        assert store.vault.keep("p/", [("a", "t1", "s1"), ("b", "t2", "s2")]) == {"a": "t1", "b": "t2"}
        assert store.vault.keep("p/", [("a", "t3", "s3"), ("c", "t4", "s4")]) == {"a": "t1", "c": "t4"}
        assert store.vault.keep("q/", [("a", "t5", "s5")]) == {"a": "t5"}
        many = [(f"l{n}", f"t-{n}", "s") for n in range(1200)]
        assert store.vault.keep("p/", many) == {lookup: token for lookup, token, _ in many}
    with Store.open(str(where)) as store:
        assert store.vault.sealed("p/", ["t1", "t3", "t5", "t4"]) == {"t1": "s1", "t4": "s4"}
        assert len(store.vault.sealed("p/", [token for _, token, _ in many])) == 1200
