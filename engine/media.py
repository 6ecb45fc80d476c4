"""What an uploaded file really is, judged by its content, and a name for it that is safe to show."""

import contextlib
import re
import unicodedata
import zipfile
from typing import IO

from engine.errors import EngineError

HEAD = 64 * 1024
NAME_LENGTH = 120

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SIGNATURES = {
    "pdf": re.compile(rb"%PDF-\d"),
    "jpg": re.compile(rb"\xff\xd8\xff"),
    "png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "heic": re.compile(rb"....ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1)", re.DOTALL),
    "docx": re.compile(re.escape(ZIP)),
    "xlsx": re.compile(re.escape(ZIP)),
    "doc": re.compile(re.escape(OLE)),
    "xls": re.compile(re.escape(OLE)),
    "mp3": re.compile(rb"ID3[\x02-\x04]|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]"),
    "m4a": re.compile(rb"....ftyp(M4A |M4B |mp42|isom)", re.DOTALL),
    "wav": re.compile(rb"RIFF....WAVE", re.DOTALL),
    "mp4": re.compile(rb"....ftyp(isom|iso[2-6]|mp4[12]|avc1|M4V |MSNV|3gp[4-6])", re.DOTALL),
}
MEDIA_TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "png": "image/png",
    "heic": "image/heic",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "txt": "text/plain",
    "csv": "text/csv",
    "mp3": "audio/mpeg",
    "m4a": "audio/mp4",
    "wav": "audio/wav",
    "mp4": "video/mp4",
}
SAME = {"jpeg": "jpg", "heif": "heic"}
OFFICE_FOLDERS = {"docx": "word/", "xlsx": "xl/"}
ACTIVE = re.compile(rb"<\s*(!doctype|html|script|svg|iframe|body|\?php)|javascript:", re.IGNORECASE)
SNIFFED = 1024  # browsers look for markup in so many bytes
BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
ENTRIES, UNPACKED, RATIO = 5_000, 200 * 1024 * 1024, 200
SMALL = 64 * 1024  # below this the ratio says nothing

INVISIBLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")
UNPORTABLE = re.compile(r'[<>:"|?*]')


class FileRefused(EngineError):
    """This file cannot be accepted."""

    code = "file-refused"


class FileEmpty(FileRefused):
    """The file is empty."""

    code = "file-empty"


class FileTooLarge(FileRefused):
    """The file is too large."""

    code = "file-too-large"


class FileTypeNotAllowed(FileRefused):
    """Files of this type are not accepted."""

    code = "file-type-not-allowed"


class FileDisguised(FileRefused):
    """The content of the file is not what its name says."""

    code = "file-disguised"


class FileUnsafe(FileRefused):
    """The file contains something that could do harm."""

    code = "file-unsafe"


def display_name(filename: str) -> str:
    r"""The name to show and to download by: no folders, nothing invisible, not too long.

    >>> display_name("C:\\temp\\a\u202efdp.exe"), display_name("..")
    ('afdp.exe', 'file')
    """
    name = INVISIBLE.sub("", unicodedata.normalize("NFC", filename.encode("utf-8", "ignore").decode()))
    name = UNPORTABLE.sub("_", re.split(r"[/\\]", name)[-1])
    name = re.sub(r"\s+", " ", name).strip(". ")
    if len(name) > NAME_LENGTH:
        stem, dot, extension = name.rpartition(".")
        keep = len(extension) + 1 if dot and len(extension) < 10 else 0  # noqa: PLR2004 longer ones are no extensions
        name = (stem or name)[: NAME_LENGTH - keep].rstrip() + (name[-keep:] if keep else "")
    return name or "file"


def extension_of(filename: str) -> str:
    """The extension in its usual spelling: `jpg`, never `JPEG`."""
    _, dot, extension = display_name(filename).lower().rpartition(".")
    extension = extension if dot else ""
    return SAME.get(extension, extension)


def identify(head: bytes, filename: str) -> str:
    """The media type of a file that begins with `head`. Raises FileRefused unless content and name agree."""
    name, extension = display_name(filename), extension_of(filename)
    if extension not in MEDIA_TYPES:
        raise FileTypeNotAllowed(name=name, extension=extension)
    if not head:
        raise FileEmpty(name=name)
    agrees = SIGNATURES[extension].match(head) if extension in SIGNATURES else _is_text(head)
    if agrees and extension in OFFICE_FOLDERS:
        agrees = OFFICE_FOLDERS[extension].encode() in head or b"[Content_Types].xml" in head
    if not agrees:
        raise FileDisguised(name=name, extension=extension)
    if ACTIVE.search(head[:SNIFFED]):
        raise FileUnsafe(name=name, extension=extension)
    return MEDIA_TYPES[extension]


def _is_text(head: bytes) -> bool:
    """Text as it is written here: UTF-8 or GB 18030. The last character may be cut off."""
    if BINARY.search(head):
        return False
    for encoding, width in (("utf-8", 4), ("gb18030", 4)):
        for cut in range(width if len(head) == HEAD else 1):
            with contextlib.suppress(UnicodeDecodeError):
                head[: len(head) - cut].decode(encoding)
                return True
    return False


def inspect_archive(file: IO[bytes], head: bytes, filename: str = "") -> None:
    """Refuse bombs, macros and what is no office document. Nothing is unpacked; the directory tells enough."""
    if not head.startswith(ZIP):
        return
    name, folder = display_name(filename), OFFICE_FOLDERS.get(extension_of(filename), "")
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError):
        raise FileDisguised(name=name) from None
    total = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > ENTRIES or total > UNPACKED or total > RATIO * max(packed, SMALL):
        raise FileUnsafe("The archive would unpack to far too much.", name=name)
    names = {entry.filename for entry in entries}
    if any(entry.endswith("vbaProject.bin") for entry in names):
        raise FileUnsafe("The document contains macros.", name=name)
    if folder and ("[Content_Types].xml" not in names or not any(entry.startswith(folder) for entry in names)):
        raise FileDisguised(name=name)
