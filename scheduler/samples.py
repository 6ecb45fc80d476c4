"""The smallest real files of each type: what stories upload where people would upload scans."""

import io
import zipfile

PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\nxref\n0 4\n0000000000 65535 f \n"
    b"0000000009 00000 n \n0000000052 00000 n \n0000000101 00000 n \ntrailer<</Size 4/Root 1 0 R>>\n"
    b"startxref\n164\n%%EOF\n"
)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000" + "3a7e9b55" + "0000000a49444154789c63f80f000101"
    "01001bb6ee56" + "0000000049454e44ae426082"
)
JPG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300"
    + "01" * 64
    + "ffc0000b080001000101011100ffc40014000100000000000000"
    "00000000000000000affc40014100100000000000000000000000000000000ffda0008010100003f0054ffd9"
)
TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)


def sample(filename: str) -> bytes:
    """A small file of the type its name says; a PDF where the type is not known."""
    extension = filename.rpartition(".")[2].lower()
    if extension in {"docx", "xlsx"}:
        return _office("word/document.xml" if extension == "docx" else "xl/workbook.xml")
    known = {"png": PNG, "jpg": JPG, "jpeg": JPG, "mp3": b"ID3\x03\x00\x00\x00\x00\x00\x00", "txt": "记录\n".encode()}
    return known.get(extension, PDF)


def _office(part: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in (("[Content_Types].xml", TYPES), (part, "<x/>")):
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
    return target.getvalue()
