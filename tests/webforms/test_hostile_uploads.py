"""Files that are not what they say, and files nobody should get: refused in Chinese, nothing left on the disk."""

import io
import re
import zipfile
from uuid import UUID

import pytest
from sqlalchemy import text

START = "/cases/new/mediation"
PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
BIG = 25 * 1024 * 1024


def office(**entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("[Content_Types].xml", "<Types/>")
        for name, content in entries.items():
            made.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"), content)
    return buffer.getvalue()


BAD = {
    "a program": (b"MZ\x90\x00\x03 program", "invoice.pdf", "内容"),
    "a page": (b"<html><script>alert(1)</script>", "扫描件.pdf", "内容"),
    "a drawing with script": (b"<svg onload=alert(1)>", "photo.png", "内容"),
    "a page that says so": (b"<html>", "a.html", "此类文件"),
    "two in one": (PDF[:9] + b"<script>alert(1)</script>", "a.pdf", "有害"),
    "a document that swells": (office(word__document_xml=b"\0" * 60_000_000), "a.docx", "有害"),
    "a document with macros": (office(word__document_xml="x", word__vbaProject_bin="x"), "a.docx", "有害"),
    "nothing": (b"", "a.pdf", "空"),
    "a name turned round": (b"MZ\x90\x00", "a\u202efdp.exe", "此类文件"),
    "no extension": (PDF, "扫描件", "此类文件"),
    "too much": (PDF + b"x" * BIG, "a.pdf", "大"),
}


@pytest.fixture
def desk(house):
    return house.client("desk")


def send(house, desk, *files, **changed):
    fields = {**house.marks(desk.get(START).text), **house.answers, **changed}
    head = "--b\r\nContent-Disposition: form-data; name="
    body = b"".join(f'{head}"{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items())
    for content, name in files:
        quoted = name.replace('"', "%22")
        body += f'{head}"evidence"; filename="{quoted}"\r\n\r\n'.encode() + content + b"\r\n"
    answer = desk.post(START, data=body + b"--b--\r\n", content_type="multipart/form-data; boundary=b")
    return answer.status_code, answer.text


def uploaded(house):
    """The only file there is: its address and its name."""
    with house.database.reads() as session:
        number, name = session.execute(text("select id, name from file")).one()
    return UUID(number), name


def stored(house):
    return [path for path in house.app.config["FILES"].rglob("*") if path.is_file()]


def cases(house):
    with house.database.reads() as session:
        return session.scalar(text('select count(*) from "case"'))


@pytest.mark.parametrize(("content", "name", "word"), BAD.values(), ids=BAD)
def test_a_bad_file_is_refused_and_the_typing_stays(house, desk, content, name, word):
    status, page = send(house, desk, (content, name))
    assert status == 422
    summary = page.split("error-summary")[1].split("</div>")[0]
    assert word in summary and not re.search(r"[A-Za-z]{3,} [A-Za-z]{3,}", re.sub(r"<[^>]+>|[\w.]+\.\w+", "", summary))
    assert house.answers["issue"] in page
    assert (stored(house), cases(house)) == ([], 0)


def test_one_bad_file_among_good_ones_loses_none(house, desk):
    status, page = send(house, desk, (PDF, "好的.pdf"), (b"MZ\x90\x00", "坏的.pdf"))
    assert status == 422 and "好的.pdf" in page
    [kept] = re.findall(r'name="evidence" value="([0-9a-f-]{36})"', page)
    fields = {**house.marks(page), **house.answers, "evidence": kept}
    assert desk.post(START, data=fields).status_code == 303
    with house.database.reads() as session:
        assert session.scalar(text("select count(*) from file where case_id is not null")) == 1


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/扫描件.pdf", "扫描件.pdf"),
        ("C:\\temp\\扫描件.pdf", "扫描件.pdf"),
        ("扫描\u202efdp件.pdf", "扫描fdp件.pdf"),
        ("证" * 300 + ".pdf", "证" * 116 + ".pdf"),
        ('a"; filename="b.exe.pdf', "b.exe.pdf"),
        ("=cmd|x!A1.pdf", "=cmd_x!A1.pdf"),
    ],
)
def test_names_are_made_safe_and_downloads_cannot_run(house, desk, given, shown):
    status, _ = send(house, desk, (PDF, given))
    assert status == 303
    number, name = uploaded(house)
    assert name.endswith(shown[-20:]) and len(name) <= 120 and "/" not in name and "\\" not in name
    with desk.get(f"/files/{number}") as answer:
        assert answer.status_code == 200
        disposition = answer.headers["Content-Disposition"]
        assert disposition.startswith("attachment;") and "\n" not in disposition and ".." not in disposition
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert "public" not in answer.headers["Cache-Control"]


def test_more_files_than_allowed(house, desk):
    status, page = send(house, desk, *((PDF + str(n).encode(), f"{n}.pdf") for n in range(60)))
    assert status == 422 and "最多" in page and cases(house) == 0


def test_a_file_belongs_to_who_uploaded_it_until_its_case_does(house, desk):
    send(house, desk, (PDF, "扫描件.pdf"), issue="")
    number, _ = uploaded(house)
    with desk.get(f"/files/{number}") as answer:
        assert answer.data == PDF
    for other in ("head", "stranger", "boss"):
        assert house.client(other).get(f"/files/{number}").status_code == 404, other
    assert house.client().get(f"/files/{number}").status_code == 303


def test_nobody_takes_somebody_elses_file_into_a_case(house, desk):
    send(house, desk, (PDF, "扫描件.pdf"))
    number, _ = uploaded(house)
    assert house.client("stranger").get(f"/files/{number}").status_code == 404
    with house.database.reads() as session:
        before = session.scalar(text("select case_id from file"))
    for thief in ("stranger", "desk"):
        client = house.client(thief)
        fields = {**house.marks(client.get("/cases").text), **house.answers, "evidence": str(number)}
        assert client.post(START, data=fields).status_code in {403, 422}
    with house.database.reads() as session:
        assert session.scalar(text("select case_id from file")) == before and cases(house) == 1


@pytest.mark.parametrize(
    "content", [office(xl__workbook_xml=b"\0" * 60_000_000), office(), b"PK\x03\x04" + b"\0" * 100, b"", b"\xff" * 50]
)
def test_a_list_of_people_that_is_no_sheet(house, content):
    boss = house.client("boss")
    answer = house.post(boss, "/people/import", list=(io.BytesIO(content), "people.xlsx"))
    assert answer.status_code == 422 and "Excel" in answer.text


@pytest.mark.parametrize(
    "change",
    [
        ("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row"),
        ("xl/workbook.xml", b"<workbook"),
        ("[Content_Types].xml", b"not xml at all"),
        (
            "xl/worksheets/sheet1.xml",
            b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><worksheet>&b;</worksheet>',
        ),
        ("xl/worksheets/sheet1.xml", b" " * 150_000_000),
    ],
    ids=["half a sheet", "half a book", "no types", "an entity", "a bomb"],
)
def test_a_damaged_sheet_is_refused(house, change):
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["用户名", "姓名", "电话", "单位", "岗位"])
    whole, damaged = io.BytesIO(), io.BytesIO()
    book.save(whole)
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(damaged, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.namelist():
            target.writestr(entry, change[1] if entry == change[0] else source.read(entry))
    damaged.seek(0)
    boss = house.client("boss")
    answer = house.post(boss, "/people/import", list=(damaged, "people.xlsx"))
    assert answer.status_code == 422 and "Excel" in answer.text and "root:" not in answer.text
