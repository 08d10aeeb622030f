"""Tanshi (碳市): a hybrid simulator of a regional carbon market.

    from tanshi import simulate, open_results
    result = simulate("S5", seed=1)
    result.annual, result.trades, result.plot.price()

The rooms are ``tanshi.market``, ``tanshi.agents``, ``tanshi.equilibrium``, ``tanshi.scenarios``, ``tanshi.simulator``
and ``tanshi.numerics``. In a checkout their folders stand at the top of the repository and this package holds a link
to each; an installed package holds the folders themselves. Where links could not be made (Windows without the right
to make them), the repository's own folder is searched too.

Names are looked up when they are first asked for, so that ``import tanshi`` loads nothing heavy.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tanshi.version import OLDEST_PYTHON, __version__

if TYPE_CHECKING:
    from tanshi.simulator.views.notebook import Results, open_results, simulate

__all__ = ["Results", "__version__", "open_results", "simulate"]

if sys.version_info < OLDEST_PYTHON:  # pip refuses it; a checkout can be started with any Python
    oldest, found = (".".join(map(str, version)) for version in (OLDEST_PYTHON, sys.version_info[:3]))
    print(f"Error: Tanshi needs Python {oldest} or newer, got {found}.", file=sys.stderr)
    raise SystemExit(2)

_here = Path(__file__).resolve().parent
if not (_here / "simulator" / "__init__.py").exists():  # a checkout whose links are plain files
    __path__.append(str(_here.parent))


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from tanshi.simulator.views import notebook

    return getattr(notebook, name)


def __dir__() -> list[str]:
    return sorted(__all__)
