"""Which folder a run has: the one in which the same run was computed before, else the one it is to be called."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping


def settled(ids: Mapping[str, str], before: Mapping[str, str]) -> dict[str, str]:
    """Folder of each run.

    A run is what its id says (parameters, seed, data, code). Where the batch holds it already, it keeps its folder,
    whatever its place in a larger design would have it called; nothing is computed twice.

    Parameters
    ----------
    ids
        What a run is to be called -> its id.
    before
        Folder -> id of the batch as it was.

    Returns
    -------
    dict
        What a run is to be called -> its folder, in the order of `ids`.

    Examples
    --------
    >>> settled({"p1": "a", "p2": "b", "p3": "c"}, {"p1": "a", "p2": "c"})
    {'p1': 'p1', 'p2': 'p2-b', 'p3': 'p2'}
    """
    held: dict[str, deque[str]] = {}
    for folder, run_id in before.items():
        held.setdefault(run_id, deque()).append(folder)
    out: dict[str, str] = {}
    for name, run_id in ids.items():  # first those that are where they are to be
        if before.get(name) == run_id:
            out[name] = name
            held[run_id].remove(name)
    for name, run_id in ids.items():
        if name not in out and held.get(run_id):
            out[name] = held[run_id].popleft()
    taken = set(out.values())
    for name, run_id in ids.items():
        if name not in out:
            out[name] = name if name not in taken else f"{name}-{run_id[:6]}"
            taken.add(out[name])
    return {name: out[name] for name in ids}
