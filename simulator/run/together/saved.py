"""A state of several provinces as plain arrays, numbers and texts, and back."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from tanshi.errors import TanshiError
from tanshi.simulator.run.saved import plain, restored
from tanshi.simulator.run.together.world import JointState, JointWorld, pairs


def plain_together(w: JointWorld, s: JointState) -> dict[str, Any]:
    """The whole state, each province's under its economy's name; a copy."""
    members = {world.scenario.economy: plain(state) for world, state in pairs(w, s)}
    return {"members": members, "crossings": deepcopy(s.crossings)}


def restored_together(w: JointWorld, s: JointState, saved: Mapping[str, Any]) -> JointState:
    """The state that `plain_together` gave; ``s`` is one of the same world.

    Raises
    ------
    TanshiError
        Where it is of other economies.
    """
    members = saved["members"]
    if set(members) != set(w.names):
        raise TanshiError(
            "a state of {found} was saved, not one of {names}", found=", ".join(members), names=", ".join(w.names)
        )
    states = tuple(restored(members[name], m.announced) for name, m in zip(w.names, s.members, strict=True))
    return JointState(states, deepcopy(list(saved["crossings"])))
