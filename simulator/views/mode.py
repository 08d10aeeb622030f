"""What kind of model some runs are, in a few words; it stands under every figure, since a scenario differs by it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tanshi.language import mark, say, translate

_FLOWS = {"neural": mark("neural drift"), "ou": mark("mean-reverting drift"), "none": mark("no drift")}


def mode_words(parameters: Mapping[str, Any]) -> str:
    """The kind of one run.

    Examples
    --------
    >>> mode_words({"market": {"mode": "equilibrium"}})
    'equilibrium without firms, every year by itself'
    >>> mode_words({"banking": {"horizon": 5}, "drift": {"mode": "neural"}})
    'firms trade and look 5 years ahead, neural drift'
    """
    market, banking, drift = (dict(parameters.get(name) or {}) for name in ("market", "banking", "drift"))
    ahead = int(banking.get("horizon") or 0) if banking.get("allowed", True) else 0
    if market.get("mode") == "equilibrium":
        if ahead:
            return say("equilibrium without firms, looking {years} years ahead", years=ahead)
        return say("equilibrium without firms, every year by itself")
    flow = translate(_FLOWS.get(str(drift.get("mode", "neural")), str(drift.get("mode"))))
    if ahead:
        return say("firms trade and look {years} years ahead, {drift}", years=ahead, drift=flow)
    return say("firms trade, every year by itself, {drift}", drift=flow)


def modes_words(several: Iterable[Mapping[str, Any]]) -> str:
    """The kinds of some runs, each once."""
    return say("; or ").join(dict.fromkeys(mode_words(parameters) for parameters in several))
