"""A function of numbers and arrays, compiled at its first call and kept on disk for the next process."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from pickle import UnpicklingError
from types import FunctionType
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import FunctionCache

from tanshi.errors import Message, said

Kernel = TypeVar("Kernel", bound=Callable[..., object])

logger = logging.getLogger("tanshi")
ROOM = __name__.rpartition(".")[0]
NOTICE = Message("Compiling loops, once on this machine: some seconds (silence this with logging.getLogger('tanshi'))")
_said = False


def _say() -> None:
    """Say once in a process that loops are compiled, so that nobody wonders why nothing moves."""
    global _said
    if not _said:
        _said = True
        logger.warning(said(NOTICE))


@contextmanager
def silently() -> Iterator[None]:
    """Compile without a word: for a program that says so in its own way."""
    global _said
    before, _said = _said, True
    try:
        yield
    finally:
        _said = before


class _Kept(FunctionCache):
    """Numba's memory on disk, beside the source or in the user's cache, where there is room for it."""

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled; where the disk is full this process has it in memory and goes on."""
        with suppress(OSError):
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Find what was kept; what another version of the program left and nobody can read any more is made anew."""
        kept = None
        try:
            kept = super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except (AttributeError, ImportError, EOFError, UnpicklingError):
            with suppress(OSError):
                self.flush()  # type: ignore[no-untyped-call]
        if kept is None:
            _say()
        return kept

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        """Tell apart what Numba does not: tuples of other fields, and kernels of other files that have changed."""
        key = super()._index_key(sig, codegen)  # type: ignore[no-untyped-call]
        return (*key, tuple(getattr(kind, "fields", ()) for kind in sig), _elsewhere(self._py_func))


def _elsewhere(kernel: Any) -> tuple[object, ...]:
    """What a kernel is made of beside its own file, as far as Numba does not look.

    The files, by their hash, out of which it takes other kernels or functions of this floor; the fields of named tuples
    and the numbers among its globals, wherever they come from.
    """
    home, found, files = kernel.__globals__, [kernel.__globals__], set()
    constants: set[tuple[str, str]] = set()
    while found:
        for name, value in found.pop().items():
            if isinstance(value, int | float):
                constants.add((name, repr(value)))
            elif isinstance(value, type) and hasattr(value, "_fields"):
                constants.add((name, repr(value.__annotations__)))
            other = getattr(value, "py_func", value)
            if not isinstance(other, FunctionType) or other.__globals__ is home:
                continue
            file, compiles = other.__code__.co_filename, other is not value
            if file not in files and (compiles or other.__module__.startswith(ROOM)):
                files.add(file)
                if compiles:
                    found.append(other.__globals__)
    return (*(_hash_of(file) for file in sorted(files)), *sorted(constants))


@cache
def _hash_of(file: str) -> str:
    """What a file holds, in short; nothing where it cannot be read, as out of an archive."""
    with suppress(OSError):
        return hashlib.sha256(Path(file).read_bytes()).hexdigest()
    return ""


def compiled(kernel: Kernel) -> Kernel:
    """Compile a function of numbers and arrays; the first process that has to wait for it says so.

    Floating point follows IEEE 754 as NumPy's does: nothing is reordered, a division by zero is infinite.  The plain
    Python function stays as ``kernel.py_func``.  What is kept on disk is made anew when its own file changes, or one
    that holds a kernel which its file takes from there.
    """
    lean: dict[str, Any] = {"no_cfunc_wrapper": True}  # nobody calls a kernel from C
    made: Any = numba.njit(error_model="numpy", **lean)(kernel)
    kept: Any = _Kept
    with suppress(RuntimeError):  # neither beside the source nor in the user's cache may anything be written
        made._cache = kept(kernel)
    return cast(Kernel, made)


def part(kernel: Kernel) -> Kernel:
    """Compile a piece of kernels in the same file: it is laid into them, where a call would cost time."""
    return cast(Kernel, numba.njit(error_model="numpy", inline="always")(kernel))
