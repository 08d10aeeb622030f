"""One batch at a time in a folder: a lock that ends with the process that holds it, however that ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tanshi.language import mark
from tanshi.simulator.machine.disk import StoreError

LOCK = ".lock"
IN_USE = mark("another batch is running in {folder}; wait for it, or choose another folder with --out")


class FolderInUse(StoreError):
    """Another batch is writing into the folder."""


@contextmanager
def only_one_in(folder: Path) -> Iterator[None]:
    """Hold a folder for one batch.

    Raises
    ------
    FolderInUse
        Where another process holds it.
    StoreError
        Where the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = (folder / LOCK).open("a")
    except OSError as error:
        raise StoreError(
            "cannot write results to {folder}: {why}", folder=folder, why=error.strerror or error
        ) from error
    with handle:
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise FolderInUse(IN_USE, folder=folder) from error
            except OSError:
                pass  # a file system without locks
        else:
            import msvcrt

            try:
                handle.seek(0)
                msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
            except PermissionError as error:
                raise FolderInUse(IN_USE, folder=folder) from error
            except OSError:
                pass  # a file system without locks
        yield
    # The file stays: removing it would let a third process lock a new file of the same name.
