"""Texts and logs as sources: a row a line, in either encoding, and what is in them is found."""

from __future__ import annotations

import pytest

from guard.classify import Classifier
from guard.sources.open import open_source
from guard.sources.source import Limits
from tests.classify.conftest import RULES

LOG = [
    f"2026-01-0{n % 9 + 1} 12:00:00 INFO 用户手机号138{n * 7_368_787 % 10**8:08d}登录成功，请求已处理完毕"
    for n in range(60)
]


@pytest.mark.parametrize("suffix", ["txt", "log"])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_log_is_read_line_by_line(tmp_path, suffix, encoding):
    """Blank lines are none; the label is that of texts which hold numbers."""
    (tmp_path / f"app.{suffix}").write_bytes("\r\n\n".join(LOG).encode(encoding))
    source = open_source(str(tmp_path / f"app.{suffix}"))
    (table,) = source.tables()
    rows = source.sample(table, rows=1000, seed=0, limits=Limits())
    (label,) = Classifier.load(RULES).classify_table(rows, dataset=table.dataset, info=table)
    source.close()
    assert sorted(rows["line"].to_pylist()) == sorted(LOG)
    assert label.verdict == "sensitive"
    assert dict(label.others).keys() | {label.label.kind} >= {"cn.mobile"}


def test_marks_of_secrecy_in_a_document_are_found(tmp_path):
    """In both scripts, at the head of a page."""
    for number, mark in enumerate(("机密★20年", "絕密★30年", "秘密★10年")):
        (tmp_path / f"doc{number}.txt").write_text(f"{mark}\n关于开展检查工作的通知\n各单位请认真落实有关工作要求\n")
        source = open_source(str(tmp_path / f"doc{number}.txt"))
        (table,) = source.tables()
        rows = source.sample(table, rows=1000, seed=0, limits=Limits())
        (label,) = Classifier.load(RULES).classify_table(rows, dataset=table.dataset, info=table)
        source.close()
        found = {label.label.kind if label.label else "", *(kind for kind, _ in label.others)}
        assert "cn.secrecy_mark" in found, (mark, label)
