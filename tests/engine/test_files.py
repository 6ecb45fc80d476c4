import errno
import io
import os
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import files, media
from engine.errors import NotFound

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20
JPG = b"\xff\xd8\xff\xe0" + b"\x00" * 20
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"


def archive(*names, content=b"x", **more):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name in names:
            made.writestr(name, content)
    return buffer.getvalue()


DOCX = archive("[Content_Types].xml", "word/document.xml")
XLSX = archive("[Content_Types].xml", "xl/workbook.xml")


@pytest.mark.parametrize(
    ("head", "name", "media_type"),
    [
        (PDF, "a.pdf", "application/pdf"),
        (JPG, "a.JPEG", "image/jpeg"),
        (PNG, "扫描 1.png", "image/png"),
        (b"\x00\x00\x00\x18ftypheic\x00", "a.heic", "image/heic"),
        (DOCX, "a.docx", media.MEDIA_TYPES["docx"]),
        (XLSX, "a.xlsx", media.MEDIA_TYPES["xlsx"]),
        (media.OLE + b"\x00" * 10, "a.doc", "application/msword"),
        (media.OLE + b"\x00" * 10, "a.xls", "application/vnd.ms-excel"),
        ("姓名,电话\n".encode(), "a.csv", "text/csv"),
        ("\ufeff证言".encode(), "a.txt", "text/plain"),
        ("证言".encode("gb18030"), "a.txt", "text/plain"),
        (b"ID3\x03\x00", "a.mp3", "audio/mpeg"),
        (b"\xff\xfb\x90\x00", "a.mp3", "audio/mpeg"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "a.wav", "audio/wav"),
        (b"\x00\x00\x00\x20ftypM4A \x00", "a.m4a", "audio/mp4"),
        (b"\x00\x00\x00\x20ftypisom\x00", "a.mp4", "video/mp4"),
    ],
)
def test_content_and_name_agree(head, name, media_type):
    assert files.identify(head, name) == media_type


@pytest.mark.parametrize(
    ("head", "name", "error"),
    [
        (b"MZ\x90\x00\x03", "invoice.pdf", files.FileDisguised),
        (b"\x7fELF", "a.png", files.FileDisguised),
        (b"<html><script>", "a.pdf", files.FileDisguised),
        (b"<svg onload=alert(1)>", "a.png", files.FileDisguised),
        (PDF + b"<script>alert(1)</script>", "a.pdf", files.FileUnsafe),
        (JPG + b"<?php system($_GET[0]);", "a.jpg", files.FileUnsafe),
        (b"<!DOCTYPE html><html>", "a.txt", files.FileUnsafe),
        (b"a,<SCRIPT src=x>", "a.csv", files.FileUnsafe),
        (b"MZ\x00\x01", "a.txt", files.FileDisguised),
        (b"\xff\xfea\x00", "a.txt", files.FileDisguised),
        (b"PK\x03\x04" + b"\x00" * 40, "a.docx", files.FileDisguised),
        (XLSX, "a.docx", files.FileDisguised),
        (PNG, "a.jpg", files.FileDisguised),
        (b"<svg/>", "a.svg", files.FileTypeNotAllowed),
        (b"<html>", "a.html", files.FileTypeNotAllowed),
        (PDF, "a.pdf.exe", files.FileTypeNotAllowed),
        (PDF, "pdf", files.FileTypeNotAllowed),
        (PDF, "a.\u202efdp.exe", files.FileTypeNotAllowed),
        (PDF, "", files.FileTypeNotAllowed),
        (b"", "a.pdf", files.FileEmpty),
    ],
)
def test_disguised_files_are_refused(tmp_path, head, name, error):
    with pytest.raises(error) as refusal:
        files.put(io.BytesIO(head), tmp_path, name=name) if name else files.identify(head, name)
    assert isinstance(refusal.value, files.FileRefused) and refusal.value.code.startswith("file-")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@given(st.binary(max_size=300), st.sampled_from(sorted(media.MEDIA_TYPES)))
def test_any_bytes_are_judged_without_accident(head, extension):
    try:
        assert files.identify(head, f"a.{extension}") == media.MEDIA_TYPES[extension]
    except files.FileRefused as refusal:
        assert refusal.code  # noqa: PT017 either is fine


def test_text_cut_off_within_a_character():
    assert files.identify(("a" + "证" * 40_000).encode()[: media.HEAD], "a.txt") == "text/plain"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("C:\\temp\\扫描件.pdf", "扫描件.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("a\x00\n\tb.pdf", "ab.pdf"),
        ('<img src="x">.png', "_img src=_x__.png"),
        (" . ", "file"),
        ("", "file"),
        ("证" * 300 + ".pdf", "证" * 116 + ".pdf"),
        ("a" * 300, "a" * 120),
        ("a\ud800b.txt", "ab.txt"),
    ],
)
def test_names_are_safe_to_show(given, shown):
    assert files.display_name(given) == shown and len(shown) <= 120


def test_a_file_is_kept_once_under_its_digest(tmp_path):
    first = files.put(io.BytesIO(PDF), tmp_path, name="a.pdf")
    assert first == files.put(io.BytesIO(PDF), tmp_path, name="b.pdf")
    assert (first.size, first.head, first.media_type) == (len(PDF), PDF, "application/pdf")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()] == [
        f"{first.digest[:2]}/{first.digest}"
    ]
    with files.open_stored(tmp_path, first.digest) as stored:
        assert stored.read() == PDF


def test_a_damaged_copy_is_replaced(tmp_path):
    stored = files.put(io.BytesIO(PDF), tmp_path)
    (tmp_path / stored.digest[:2] / stored.digest).write_bytes(b"")
    files.put(io.BytesIO(PDF), tmp_path)
    with files.open_stored(tmp_path, stored.digest) as mended:
        assert mended.read() == PDF


@pytest.mark.parametrize("digest", ["../../etc/passwd", "0" * 64, "", "A" * 64])
def test_unknown_digests(tmp_path, digest):
    with pytest.raises(NotFound):
        files.open_stored(tmp_path, digest)


def test_too_large_and_empty_files_leave_nothing(tmp_path):
    for content, error in ((b"x" * 101, files.FileTooLarge), (b"", files.FileEmpty)):
        with pytest.raises(error):
            files.put(io.BytesIO(content), tmp_path, limit=100)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_a_full_disk_is_a_clean_error(tmp_path, monkeypatch, failing):
    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, failing, full)
    with pytest.raises(files.StorageFull) as refusal:
        files.put(io.BytesIO(PDF), tmp_path)
    assert refusal.value.code == "storage-full"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_other_failures_pass_and_clean_up(tmp_path):
    class Broken(io.BytesIO):
        def read(self, *_size):
            raise OSError(errno.EIO, "broken")

    with pytest.raises(OSError, match="broken"):
        files.put(Broken(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_bombs_macros_and_broken_archives_are_refused(tmp_path):
    def put(content, name="a.docx"):
        return files.put(io.BytesIO(content), tmp_path, name=name)

    with pytest.raises(files.FileUnsafe):
        put(archive("[Content_Types].xml", "word/a.xml", content=b"\x00" * 150_000_000))
    with pytest.raises(files.FileUnsafe):
        put(archive("[Content_Types].xml", *(f"word/{n}.xml" for n in range(6000))))
    with pytest.raises(files.FileUnsafe):
        put(archive("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"))
    with pytest.raises(files.FileDisguised):
        put(DOCX[:-30])
    with pytest.raises(files.FileDisguised):
        put(archive("word/document.xml"))
    with pytest.raises(files.FileDisguised):
        put(archive("[Content_Types].xml", "notword/xl/"), "a.xlsx")
    assert put(DOCX).media_type == media.MEDIA_TYPES["docx"]
    assert put(XLSX, "a.xlsx").media_type == media.MEDIA_TYPES["xlsx"]
