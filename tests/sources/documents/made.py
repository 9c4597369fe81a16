"""Real documents, made by the libraries that people make them with; the PDF is written out by hand."""

from __future__ import annotations

from pathlib import Path

PICTURE = """\
<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>
stream
0
endstream"""
RESIDENT = "11010519491231002X"


def word(path: Path) -> Path:
    """A mark of secrecy, a sentence, a table, a footer, a comment-like property."""
    import docx

    document = docx.Document()
    document.add_paragraph("机密★20年")
    document.add_paragraph("联系人电话13812345678，请保密")
    cells = document.add_table(1, 2).rows[0].cells
    cells[0].text, cells[1].text = "邮箱", "zhang.san@example.com"
    document.sections[0].footer.paragraphs[0].text = f"身份证号{RESIDENT}"
    document.save(str(path))
    return path


def workbook(path: Path) -> Path:
    """A sheet with names of columns, and one of single cells."""
    import openpyxl

    made = openpyxl.Workbook()
    people = made.active
    people.title = "客户"
    people.append(["姓名", "手机", "金额", "日期"])
    import datetime as dt

    for number in range(30):
        people.append(
            [f"王小{'明芳伟娜'[number % 4]}", 13_800_138_000 + number * 7_919, 1.5 * number, dt.date(2024, 1, 1)]
        )
    notes = made.create_sheet("Notes")
    notes["B7"] = "alice@example.com"
    made.save(path)
    return path


def slides(path: Path) -> Path:
    """A title, notes, and a table."""
    from pptx import Presentation
    from pptx.util import Inches

    made = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[5])
    slide.shapes.title.text = "Contact alice@example.com"
    slide.notes_slide.notes_text_frame.text = "card 4111 1111 1111 1111"
    table = slide.shapes.add_table(1, 1, Inches(1), Inches(2), Inches(4), Inches(1)).table
    table.cell(0, 0).text = f"身份证号{RESIDENT}"
    made.save(str(path))
    return path


def pdf(path: Path, *pages: str) -> Path:
    """One line of Latin text a page; a page without text holds a picture."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", ""]
    kids = []
    for text in pages:
        kids.append(f"{len(objects) + 1} 0 R")
        stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET" if text else "/I1 Do"
        page = len(objects) + 1
        head = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792]"
        font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
        picture = f"<< /XObject << /I1 {page + 2} 0 R >> >>"
        objects += [
            f"{head} /Resources {font if text else picture} /Contents {page + 1} 0 R >>",
            f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
            PICTURE,
        ]
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    body, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{each}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    start = len(body)
    body += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    body += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    path.write_bytes(body)
    return path
