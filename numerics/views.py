"""Many arrays in a few: named parts of long arrays, at next to no cost in compiled code.

A compiled function that takes a hundred arrays spends more time on taking them than on a small model.  It takes a few
long ones here, one for each kind of number, and a table of where each part begins and how long it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, TypeVar, get_args, get_type_hints

import numpy as np
from numba.core import cgutils, types
from numba.extending import lower_builtin, type_callable
from numba.np.numpy_support import as_dtype
from numpy.typing import ArrayLike, NDArray

Named = TypeVar("Named", bound=tuple[Any, ...])
Table = NDArray[np.int64]
"""First element and length of every part in its long array, part after part."""

BUILD: Any = cgutils
NAMES: Any = types.NamedTupleClass
TUPLE: Any = types.BaseTuple
"""Of the compiler, which says nothing of their types."""


@cache
def _kinds(names: type[tuple[Any, ...]]) -> tuple[tuple[str, bool], ...]:
    """By field of a named tuple: the name of its type of number, "" for any; and whether it is a single number."""
    found = []
    for hint in get_type_hints(names).values():
        if hint in (int, float):
            found.append(("uint32" if hint is int else "float64", True))
            continue
        number = hint  # the innermost: newer versions of NumPy write an array's type as an alias, older ones in full
        while inner := get_args(number):
            number = inner[-1]
        found.append(("" if number is Any else np.dtype(number).name, False))
    return tuple(found)


def narrowed(values: ArrayLike, kind: str) -> NDArray[Any]:
    """Numbers in a narrower kind, one behind the other: compiled loops look at no bounds, so an address must not wrap.

    Raises
    ------
    OverflowError
        for numbers that the kind cannot hold.

    Examples
    --------
    >>> narrowed([0, 7], "uint32")
    array([0, 7], dtype=uint32)
    """
    whole = np.atleast_1d(np.asarray(values))
    with np.errstate(invalid="ignore"):
        small = np.ascontiguousarray(whole, dtype=kind)
    if not np.array_equal(small, whole):
        raise OverflowError(f"numbers from {whole.min()} to {whole.max()} do not all fit into {kind}")
    return small


def packed(groups: Sequence[tuple[Any, ...]], kinds: Sequence[str]) -> tuple[tuple[NDArray[Any], ...], list[int]]:
    """The arrays and numbers of named tuples in one long array of each kind, and the rows of their table.

    Whole numbers lie among the ``uint32``, other single ones among the ``float64``.

    Raises
    ------
    OverflowError
        for a number that its kind cannot hold.
    """
    parts: dict[str, list[NDArray[Any]]] = {kind: [np.empty(0, kind)] for kind in kinds}
    rows: list[int] = []
    for group in groups:
        for (kind, _), value in zip(_kinds(type(group)), group, strict=True):
            mine = parts[kind]
            array = narrowed(value, kind)
            rows += [sum(other.size for other in mine), array.size]
            mine.append(array)
    return tuple(np.concatenate(mine) for mine in parts.values()), rows


def unpacked(names: type[Named], wholes: tuple[NDArray[Any], ...], table: Table, first: int) -> Named:
    """The parts of long arrays that a named tuple of arrays and numbers is made of.

    Parameters
    ----------
    names
        Named tuple whose annotations say of which kind each field is.
    wholes
        Long arrays, each of another kind; a field of any kind lies in the first.
    table
        Where the parts lie.
    first
        Row of the table of the first field.

    Returns
    -------
    Views. In compiled code they may not outlive the function that was given the wholes.

    Examples
    --------
    >>> from typing import NamedTuple
    >>> class Two(NamedTuple):
    ...     here: NDArray[np.float64]
    ...     size: int
    >>> wholes, rows = packed([Two(np.arange(3.0), 7)], ["uint32", "float64"])
    >>> unpacked(Two, wholes, np.array(rows), 0)
    Two(here=array([0., 1., 2.]), size=7)
    """
    found: list[Any] = []
    for k, (kind, single) in enumerate(_kinds(names)):
        whole = next(array for array in wholes if kind in ("", array.dtype.name))
        start, size = int(table[2 * (first + k)]), int(table[2 * (first + k) + 1])
        found.append(whole[start].item() if single else whole[start : start + size])
    return names(*found)


@type_callable(unpacked)
def _type_of_unpacked(context: Any) -> Callable[..., Any]:
    def typed(names: Any, wholes: Any, table: Any, first: Any) -> Any:
        del first
        if not (isinstance(names, NAMES) and isinstance(wholes, TUPLE)):
            return None
        if any(array.layout != "C" for array in (*wholes, table)):  # a view is a pointer and a length
            return None
        found: list[Any] = []
        for kind, single in _kinds(names.instance_class):
            whole = wholes[_place(kind, wholes)]
            found.append((types.intp if kind == "uint32" else whole.dtype) if single else whole)
        return TUPLE.from_types(found, names.instance_class)

    del context
    return typed


def _place(kind: str, wholes: Any) -> int:
    """Which of the long arrays, as the compiler knows them, holds a kind."""
    return next(k for k, whole in enumerate(wholes) if kind in ("", as_dtype(whole.dtype).name))


@lower_builtin(unpacked, NAMES, TUPLE, types.Array, types.Integer)  # type: ignore[untyped-decorator, no-untyped-call]
def _made(context: Any, builder: Any, signature: Any, given: Any) -> Any:
    """Pointers and lengths; what counts the references of the wholes is not asked to count those of their parts."""
    names, wholes_kind, table_kind, number_kind = signature.args
    arrays = BUILD.unpack_tuple(builder, given[1])
    wholes = [context.make_helper(builder, kind, value) for kind, value in zip(wholes_kind, arrays, strict=True)]
    table = context.make_helper(builder, table_kind, given[2])
    two = context.get_constant(types.intp, 2)
    row = builder.mul(context.cast(builder, given[3], number_kind, types.intp), two)
    table = builder.gep(table.data, [row])
    found = []
    for k, (kind, single) in enumerate(_kinds(names.instance_class)):
        at = _place(kind, wholes_kind)
        start = builder.load(builder.gep(table, [context.get_constant(types.intp, 2 * k)]))
        data = builder.gep(wholes[at].data, [start])
        if single:
            value = builder.load(data)
            found.append(builder.zext(value, context.get_value_type(types.intp)) if kind == "uint32" else value)
            continue
        size = builder.load(builder.gep(table, [context.get_constant(types.intp, 2 * k + 1)]))
        found.append(_view(context, builder, wholes_kind[at], data, size))
    return context.make_tuple(builder, signature.return_type, found)


def _view(context: Any, builder: Any, kind: Any, data: Any, size: Any) -> Any:
    item = context.get_constant(types.intp, context.get_abi_sizeof(context.get_data_type(kind.dtype)))
    made = context.make_helper(builder, kind)
    made.meminfo = BUILD.get_null_value(made.meminfo.type)
    made.parent = BUILD.get_null_value(made.parent.type)
    made.nitems, made.itemsize, made.data = size, item, data
    made.shape, made.strides = BUILD.pack_array(builder, [size]), BUILD.pack_array(builder, [item])
    return made._getvalue()
