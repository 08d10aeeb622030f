"""The optional parts of the program, each an extra of its distribution, and what to do where one is missing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from tanshi.errors import Message, both
from tanshi.scenarios.errors import Problem, UserError

EXTRAS: Mapping[str, tuple[str, ...]] = {
    "train": ("torch", "torchdiffeq", "arch"),
    "excel": ("openpyxl", "python_calamine"),
    "dashboard": ("dash", "plotly"),
    "live": ("solara", "solara_assets", "ipyvuetify", "uvicorn"),
    "cluster": ("distributed",),
    "netcdf": ("xarray",),
}
"""Extra to the modules that it brings."""


def need(extra: str, refusal: str, *, place: str = "", otherwise: str = "") -> None:
    """Refuse to begin where a package of an extra is missing.

    Parameters
    ----------
    extra : str
        One of `EXTRAS`.
    refusal : str
        What cannot be done without it, the first line of the message.
    place : str
        The file or option that needs it.
    otherwise : str
        A sentence on what can be done instead.

    Raises
    ------
    UserError
        Naming the extra, what is missing, and the command that installs it.
    """
    missing = [name for name in EXTRAS[extra] if find_spec(name) is None]
    if missing:
        hint = f"Install it: {install_command(extra)}. {otherwise}".rstrip()
        problem = Problem(
            Message("the packages of the extra `{extra}`", extra=extra),
            both([Message("no {package}", package=name) for name in missing]),
            place,
            hint=hint,
        )
        raise UserError(refusal, [problem])


def install_command(extra: str) -> str:
    """The words that install an extra for the Python that runs, from the checkout where the program is one."""
    python, here = Path(sys.executable), Path.cwd()
    shown = python.relative_to(here) if python.is_relative_to(here) else python
    root = Path(__file__).resolve().parents[1]
    if not (root / "pyproject.toml").is_file():
        return f"{shown} -m pip install 'tanshi[{extra}]'"
    return f"{shown} -m pip install -e '{'.' if root == here else root}[{extra}]'"
