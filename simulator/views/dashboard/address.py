"""What a page shows, kept in its address: a link or a reload brings it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

from dash import ClientsideFunction, Dash, Input, Output, dcc

FOLDER = "results"
"""Name of the folder in an address."""
LONGEST = 8_000
"""Signs of an address that are read."""


@dataclass(frozen=True)
class Kept:
    """The controls of a page whose values stand in its address.

    Parameters
    ----------
    page, path
        The page's short name, and its address.
    controls
        Name in the address to id of the control.
    """

    page: str
    path: str
    controls: Mapping[str, str]


def read_address(search: str) -> dict[str, list[str]]:
    """What an address says: name to values; nothing of what cannot be read.

    Examples
    --------
    >>> read_address("?show=S1&show=S5&as=percent")
    {'show': ['S1', 'S5'], 'as': ['percent']}
    """
    try:
        return parse_qs(search.lstrip("?")[:LONGEST], keep_blank_values=True, max_num_fields=200)
    except ValueError:
        return {}


def keep(kept: Kept, usual: Mapping[str, Any]) -> list[Any]:
    """The part of a page that its address is written from.

    Parameters
    ----------
    usual
        Name in the address to the value of a control that need not be named.
    """
    named = {"path": kept.path, "names": list(kept.controls), "usual": [usual[name] for name in kept.controls]}
    return [dcc.Store(id=f"{kept.page}-usual", data=named), dcc.Store(id=f"{kept.page}-kept")]


def register(app: Dash, pages: tuple[Kept, ...]) -> None:
    """Write the folder and every page's controls into the address, in the browser."""
    in_the_browser: Any = app.clientside_callback
    in_the_browser(
        ClientsideFunction("address", "folder"),
        Output("address", "data"),
        Input("shown", "data"),
        prevent_initial_call=True,
    )
    in_the_browser(ClientsideFunction("address", "link"), Output("what-if-kept", "data"), Input("what-if-link", "href"))
    for kept in pages:
        in_the_browser(
            ClientsideFunction("address", "controls"),
            Output(f"{kept.page}-kept", "data"),
            Input(f"{kept.page}-usual", "data"),
            *(Input(name, "value") for name in kept.controls.values()),
        )
