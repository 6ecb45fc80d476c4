"""Process folders as they travel: several files or a zip from outside, a zip to the outside.

Nothing is unpacked to disk; what is refused is refused before it takes room, with the name of the file.
"""

import codecs
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from engine.errors import EngineError
from engine.includes import TEXT
from engine.media import INVISIBLE, ZIP

FILES, TOTAL, EACH = 400, 10_000_000, 2_000_000  # files of one folder; bytes of all of them; bytes of one
NAME_LENGTH, DEPTH = 120, 3
FOLDERS = {".form": "forms", ".dmn": "decisions", ".html": "documents"}
IGNORED = frozenset(["__MACOSX", "Thumbs.db", "desktop.ini"])
SYMLINK = 0o12
ENCRYPTED = 0x1
UTF8_NAMES = 0x800  # of an entry of a zip: its name is UTF-8; else what Windows writes in this country is GB 18030
XML_NAME = re.compile(r"(?:\.(?:bpmn20|bpmn2|bpmn|dmn1\d|dmn))?\.(?:xml|bpmn2)$", re.IGNORECASE)
MEANT = ((b"omg.org/spec/BPMN/2", ".bpmn"), (b"omg.org/spec/DMN/2", ".dmn"))
HEAD = 4_000  # bytes in which a file of another product says what it is
DECLARATION = re.compile(r"""^(\s*<\?xml[^>]{0,80}encoding=)["'][^"']{1,20}["']""")
DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,80}encoding=["'](gb2312|gbk|gb18030)["']""", re.IGNORECASE)


class BundleRefused(EngineError):
    """These files cannot be taken in as a process folder."""

    code = "bundle-refused"


class BundleName(BundleRefused):
    """A file has a name that leads out of the folder, or that is not possible here."""

    code = "bundle-name"


class BundleType(BundleRefused):
    """A process folder holds text only: bpmn, dmn, form, html, toml, md."""

    code = "bundle-type"


class BundleTooLarge(BundleRefused):
    """These files are too many, or would unpack to far too much."""

    code = "bundle-too-large"


class BundleUnreadable(BundleRefused):
    """The file cannot be read: it is damaged, encrypted, or not UTF-8 text."""

    code = "bundle-unreadable"


class BundleTwice(BundleRefused):
    """Two files have the same place in the folder."""

    code = "bundle-twice"


class BundleEmpty(BundleRefused):
    """There is no file in it."""

    code = "bundle-empty"


def require_name(name: str) -> None:
    """Raise BundleRefused unless a file of a process folder may be called so: inside, short, of a known kind."""
    path = PurePosixPath(name)
    inside = not path.is_absolute() and path.as_posix() == name and len(path.parts) <= DEPTH
    hidden = any(part.startswith(".") or part != part.strip() for part in path.parts)
    odd = "\\" in name or ":" in name or INVISIBLE.search(name) is not None
    if not name or not inside or hidden or odd or len(name) > NAME_LENGTH:
        raise BundleName(name=name[:NAME_LENGTH])
    if path.suffix not in TEXT:
        raise BundleType(name=name)


def require_room(files: Mapping[str, str]) -> None:
    """Raise BundleTooLarge for a folder that is too large or has a file that is; BundleUnreadable for broken text."""
    try:
        sizes = {name: len(text.encode()) for name, text in files.items()}
    except UnicodeEncodeError:  # half of a character, as only scripts send it
        raise BundleUnreadable(name="") from None
    for name, size in sizes.items():
        if size > EACH:
            raise BundleTooLarge(name=name)
    if len(files) > FILES or sum(sizes.values()) > TOTAL:
        raise BundleTooLarge(name="")


def unpack(uploads: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """The files of a process folder (name -> text) from what was uploaded: zip archives, or single files.

    A folder around them is taken off; a diagram, form, table or document without one gets its usual place.
    Raises BundleRefused.
    """
    raw: dict[str, bytes] = {}
    for name, content in uploads:
        members = _members(name, content) if content.startswith(ZIP) else [(name, content)]
        for member, body in members:
            if _is_ignored(member):
                continue
            if member in raw:
                raise BundleTwice(name=member)
            raw[member] = body
            if len(raw) > FILES or sum(map(len, raw.values())) > TOTAL:
                raise BundleTooLarge(name=name)
    if not raw:
        raise BundleEmpty
    around = _folder_around(raw)
    files: dict[str, str] = {}
    for name, body in raw.items():
        place = _place(_usual(name[len(around) :], body))
        require_name(place)
        if place in files:
            raise BundleTwice(name=place)
        files[place] = _text(place, body)
    require_room(files)
    return files


def pack(files: Mapping[str, str], folder: str) -> bytes:
    """A zip of a process folder; the same files always give the same bytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(f"{folder}/{name}"), files[name].encode(), zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _members(name: str, content: bytes) -> list[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if len(entries) > FILES or sum(entry.file_size for entry in entries) > TOTAL:
                raise BundleTooLarge(name=name)
            return [(_member_name(entry), _member(archive, entry)) for entry in entries]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, EOFError, OSError, zlib.error):
        raise BundleUnreadable(name=name) from None


def _member_name(entry: zipfile.ZipInfo) -> str:
    name = entry.filename
    if not entry.flag_bits & UTF8_NAMES and not name.isascii():
        try:
            name = name.encode("cp437").decode("gb18030")
        except UnicodeError:
            name = entry.filename
    if name.startswith("/") or ".." in PurePosixPath(name).parts or entry.external_attr >> 28 == SYMLINK:
        raise BundleName(name=name[:NAME_LENGTH])
    return name


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The bytes of an entry, never more than allowed, whatever its directory says."""
    if entry.flag_bits & ENCRYPTED:
        raise BundleUnreadable(name=entry.filename)
    with archive.open(entry) as member:
        body = member.read(EACH + 1)
    if len(body) > EACH:
        raise BundleTooLarge(name=entry.filename)
    return body


def _is_ignored(name: str) -> bool:
    """What operating systems leave beside the files."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part in IGNORED or part.startswith("._") or part == ".DS_Store" for part in parts)


def _folder_around(names: Iterable[str]) -> str:
    """The one folder all files lie in, with its slash; empty where there is none."""
    tops = {name.partition("/")[0] if "/" in name else "" for name in names}
    top = tops.pop() if len(tops) == 1 else ""
    usual = {*FOLDERS.values(), "scenarios"}
    return f"{top}/" if top and top not in usual and top != ".." else ""


def _usual(name: str, body: bytes) -> str:
    """The name as it is here: other products write diagrams and tables as `x.bpmn20.xml`, or as any `.xml`."""
    if XML_NAME.search(name):
        for mark, suffix in MEANT:
            if mark in body[:HEAD].replace(b"\0", b""):
                return XML_NAME.sub(suffix, name)
    return name


def _place(name: str) -> str:
    folder = FOLDERS.get(PurePosixPath(name).suffix, "")
    return f"{folder}/{name}" if folder and "/" not in name else name


def _text(name: str, body: bytes) -> str:
    """The text; models of other products are read in UTF-16 or the national encoding, too, where they say so."""
    encoding = "utf-8-sig"
    if name.endswith((".bpmn", ".dmn")):
        marked = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        encoding = "utf-16" if marked else "gb18030" if DECLARED.match(body) else encoding
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError:
        raise BundleUnreadable(name=name) from None
    if "\x00" in text:
        raise BundleUnreadable(name=name)
    if encoding != "utf-8-sig":
        text = DECLARATION.sub(r'\1"UTF-8"', text, count=1)
    return text.replace("\r\n", "\n")
