"""Joins scenarios, market, firms and equilibrium into runs, studies and views.

In a notebook or script started in the project's folder:

    from tanshi.simulator import simulate, open_results
    result = simulate("S5", seed=1)
    result.annual, result.trades, result.plot.price()

The two names are looked up when they are first asked for, so that ``import simulator`` loads nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tanshi.simulator.views.notebook import Results, open_results, simulate

__all__ = ["Results", "open_results", "simulate"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from tanshi.simulator.views import notebook

    return getattr(notebook, name)


def __dir__() -> list[str]:
    return sorted(__all__)
