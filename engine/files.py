"""Uploaded files on disk, by digest. No database; what a file really is says `media`."""

import contextlib
import errno
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from engine.errors import EngineError, NotFound
from engine.media import (
    HEAD,
    FileDisguised,
    FileEmpty,
    FileRefused,
    FileTooLarge,
    FileTypeNotAllowed,
    FileUnsafe,
    display_name,
    identify,
    inspect_archive,
)

__all__ = [
    "FileDisguised",
    "FileEmpty",
    "FileRefused",
    "FileTooLarge",
    "FileTypeNotAllowed",
    "FileUnsafe",
    "StorageFull",
    "Stored",
    "display_name",
    "identify",
    "open_stored",
    "put",
]

LIMIT = 20 * 1024 * 1024
CHUNK = 1024 * 1024
DIGEST = re.compile(r"[0-9a-f]{64}")
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StorageFull(EngineError):
    """The disk is full; the file was not saved."""

    code = "storage-full"


@dataclass(frozen=True)
class Stored:
    """A file that lies in the store. `media_type` is empty where no name was given to judge it by."""

    digest: str
    size: int
    head: bytes
    media_type: str = ""


def put(stream: BinaryIO, store: Path, limit: int = LIMIT, name: str = "") -> Stored:
    """Write a file under its digest; the same bytes are kept once. On disk for good when this returns.

    With a name the content is judged before it is kept. Raises FileRefused or StorageFull; nothing is left behind then.
    """
    with _room(), _scratch(store) as scratch:
        digest, size, head = _copy(stream, scratch, limit)
        media_type = identify(head, name) if name else ""
        inspect_archive(scratch, head, name)
        scratch.flush()
        os.fsync(scratch.fileno())
        target = store / digest[:2] / digest
        if not (target.is_file() and target.stat().st_size == size):
            target.parent.mkdir(exist_ok=True)
            os.replace(scratch.name, target)  # noqa: PTH105 atomic on every platform
            for folder in (target.parent, store):
                _sync_folder(folder)
    return Stored(digest, size, head, media_type)


def open_stored(store: Path, digest: str) -> BinaryIO:
    """The bytes of a stored file. Raises NotFound."""
    if not DIGEST.fullmatch(digest):
        raise NotFound
    try:
        return (store / digest[:2] / digest).open("rb")
    except FileNotFoundError:
        raise NotFound from None


def _copy(stream: BinaryIO, target: IO[bytes], limit: int) -> tuple[str, int, bytes]:
    digest, size, head = hashlib.sha256(), 0, b""
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        if size > limit:
            raise FileTooLarge(limit=limit)
        if len(head) < HEAD:
            head += chunk[: HEAD - len(head)]
        digest.update(chunk)
        target.write(chunk)
    if not size:
        raise FileEmpty
    return digest.hexdigest(), size, head


@contextlib.contextmanager
def _room() -> Iterator[None]:
    """Say clearly that the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull from error
        raise


@contextlib.contextmanager
def _scratch(store: Path) -> Iterator[IO[bytes]]:
    """A file beside its later place; whatever was not moved away is removed."""
    store.mkdir(parents=True, exist_ok=True)
    scratch = cast("IO[bytes]", tempfile.NamedTemporaryFile(dir=store, prefix=".incoming-", delete=False))  # noqa: SIM115 closed below
    try:
        yield scratch
    finally:
        with contextlib.suppress(OSError):
            scratch.close()
        Path(scratch.name).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder survive a power cut."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
