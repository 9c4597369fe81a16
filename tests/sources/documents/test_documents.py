"""Documents are read with their places; what is made to break a reader is refused, and nothing unread is clean."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

import pytest

from guard.engine import open_guard
from guard.errors import SourceError
from guard.sources.documents import EXTRA, Passage, extract, limits, sheets
from guard.sources.documents import read as reading
from tests.sources.documents import made


def found(path):
    """Place and kind of each finding."""
    with open_guard(folder=path.parent, operator="tester") as guard:
        placed, unread = guard.classify_document(path)
        return {(place, one.kind) for place, one in placed if guard.kind_is_sensitive(one.kind)}, unread


def test_word_by_paragraph(tmp_path):
    """Body, table, footer; a mark of secrecy is found in its paragraph."""
    assert found(made.word(tmp_path / "a.docx")) == (
        {
            ("paragraph 1", "cn.secrecy_mark"),
            ("paragraph 2", "cn.mobile"),
            ("paragraph 4", "intl.email"),
            ("footer 1", "cn.resident_id"),
        },
        "",
    )


def test_slides(tmp_path):
    """Shapes, tables, notes."""
    assert found(made.slides(tmp_path / "c.pptx"))[0] >= {
        ("slide 1", "intl.email"),
        ("slide 1", "cn.resident_id"),
        ("slide 1 notes", "intl.credit_card"),
    }


def test_workbooks_by_cell(tmp_path):
    """Sheet and cell; whole numbers and dates are written as people see them."""
    path = made.workbook(tmp_path / "b.xlsx")
    kinds = found(path)[0]
    assert {("客户!B2", "cn.mobile"), ("客户!B31", "cn.mobile"), ("Notes!B7", "intl.email")} <= kinds
    assert sheets(path) == ("客户", "Notes")
    assert extract(path, sheet="客户").passages[4:8] == (
        Passage("客户!A2", "王小明"),
        Passage("客户!B2", "13800138000"),
        Passage("客户!C2", "0"),
        Passage("客户!D2", "2024-01-01"),
    )


def test_pdf_by_page(tmp_path):
    """A page that is a picture is told, never clean."""
    path = made.pdf(tmp_path / "d.pdf", "Write to alice@example.com", "", "card 4111 1111 1111 1111")
    assert found(path) == (
        {("page 1", "intl.email"), ("page 3", "intl.credit_card")},
        "no text, but pictures, on page 2",
    )


def test_a_folder_of_documents_is_a_source(tmp_path):
    """A table a document, a table a sheet with its columns; what cannot be read is skipped with its reason."""
    made.word(tmp_path / "a.docx")
    made.workbook(tmp_path / "b.xlsx")
    made.slides(tmp_path / "c.pptx")
    made.pdf(tmp_path / "d.pdf", "Write to alice@example.com", "")
    (tmp_path / "e.docx").write_bytes(b"not a document")
    with open_guard(folder=tmp_path / "state", operator="tester") as guard:
        report = guard.scan(str(tmp_path))
    told = {(one.field.dataset.name.rpartition("/")[2], one.field.path): one for one in report.sensitive}
    assert told["b.xlsx#客户", "手机"].label.kind == "cn.mobile"
    assert told["b.xlsx#客户", "姓名"].label.kind == "person.name_zh"
    assert ("a.docx", "text") in told
    assert ("c.pptx", "text") in told
    assert ("d.pdf", "text") in told
    assert {one.name: one.reason for one in report.skipped} == {
        "d.pdf": "no text, but pictures, on page 2",
        "e.docx": "`e.docx` is not looked at: it cannot be read as docx (`BadZipFile`) "
        "(open it, save it anew, or split it)",
    }
    assert report.partial


def test_a_query_over_a_sheet(tmp_path):
    """A sheet is a table as any other."""
    from guard.sources.open import open_source
    from guard.sources.source import Limits

    source = open_source(str(made.workbook(tmp_path / "b.xlsx")))
    tables = {table.name.name: [column.name for column in table.columns] for table in source.tables()}
    rows = source.sample(source.tables()[0], rows=100, seed=0, limits=Limits())
    source.close()
    assert tables == {"b.客户": ["姓名", "手机", "金额", "日期"], "b.Notes": ["B"]}
    assert rows.num_rows in (30, 1)


BOMB = '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


def spoilt(path, part, change):
    """The document with one part changed."""
    whole = path.with_name("spoilt" + path.suffix)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == part else content)
    return whole


@pytest.mark.parametrize(
    ("make", "name", "part"),
    [
        (made.word, "a.docx", "word/document.xml"),
        (made.workbook, "b.xlsx", "xl/worksheets/sheet1.xml"),
        (made.slides, "c.pptx", "ppt/slides/slide1.xml"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(tmp_path, make, name, part, encoding):
    """In any encoding, however far into the part."""

    def bombed(content):
        _, _, rest = content.decode().partition("?>")
        return (BOMB + "<!--" + "x" * 2_000_000 + "-->" + rest).encode(encoding)

    path = spoilt(make(tmp_path / name), part, bombed)
    with pytest.raises(SourceError, match="declares a document type"):
        extract(path)


def test_a_document_that_unpacks_to_too_much_is_refused(tmp_path):
    """Half a gigabyte of nothing in half a megabyte."""
    path = made.word(tmp_path / "a.docx")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            with archive.open(f"word/media/{number}.bin", "w") as part:
                for _ in range(200):
                    part.write(bytes(1 << 20))
    assert path.stat().st_size < 2 << 20
    with pytest.raises(SourceError, match="unpacks to more than 512 MiB"):
        extract(path)


@pytest.mark.parametrize("suffix", ["docx", "xlsx", "pptx", "pdf"])
@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"%PDF-1.7\n1 0 obj\n", b"\0" * 10_000])
def test_what_is_no_document_is_refused(tmp_path, suffix, content):
    """Never an empty document; the words hold nothing of it."""
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="is not looked at"):
        extract(path)


def test_a_locked_pdf_is_refused(tmp_path):
    """Nobody looked into it."""
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(made.pdf(tmp_path / "d.pdf", "alice@example.com")))
    writer.encrypt("secret", algorithm="AES-256")
    writer.write(tmp_path / "locked.pdf")
    with pytest.raises(SourceError, match="locked with a password"):
        extract(tmp_path / "locked.pdf")


def test_a_reader_that_does_not_end_is_ended(tmp_path, monkeypatch):
    """And the document is refused."""
    monkeypatch.setattr(limits, "SECONDS", 0.01)
    with pytest.raises(SourceError, match=r"not read in 0\.01 s"):
        extract(made.word(tmp_path / "a.docx"))


def test_without_the_extra_the_line_that_installs_it_is_told(tmp_path, monkeypatch):
    """A folder with documents is then looked at in part."""
    made.word(tmp_path / "a.docx")
    (tmp_path / "t.csv").write_text("id\n1\n2\n")
    monkeypatch.setattr(reading, "_lines", lambda *_: reading._ended(reading._Line(end="missing"), tmp_path / "a.docx"))
    with open_guard(folder=tmp_path / "state", operator="tester") as guard:
        report = guard.scan(str(tmp_path))
    assert [one.name for one in report.skipped] == ["a.docx"]
    assert EXTRA in report.skipped[0].reason


def test_the_child_says_what_is_missing(tmp_path):
    """The name of the library that is absent is not guessed: a module that is not there ends so."""
    code = (
        "import sys; sys.modules['docx'] = None\n"
        "from guard.sources.documents.child import main\n"
        f"main('docx', {str(made.word(tmp_path / 'a.docx'))!r})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert json.loads(done.stdout.splitlines()[-1])["end"] == "missing"


def test_the_command_line(tmp_path):
    """Places in the table and in JSON; exit code 4 where a page holds no text."""

    def run(*arguments):
        command = [sys.executable, "-c", "from guard.cli.main import main; main()", "classify", *arguments]
        return subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    made.word(tmp_path / "a.docx")
    made.pdf(tmp_path / "d.pdf", "alice@example.com", "")
    done = run("a.docx")
    assert (done.returncode, "paragraph 2" in done.stdout) == (1, True)
    record = json.loads(run("@a.docx", "--format", "json").stdout)
    assert {"paragraph 2", "footer 1"} <= {one["place"] for one in record["findings"]}
    done = run("d.pdf")
    assert (done.returncode, "page 1" in done.stdout) == (4, True)
    assert "not looked at: no text, but pictures, on page 2" in done.stderr
