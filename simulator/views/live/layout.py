"""The frame around the page: the sidebar with the controls stands open where there is room for it."""
# mypy: disable-error-code="attr-defined, no-untyped-call, untyped-decorator, misc"

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import solara


@solara.component_vue("window.vue")
def Window(event_wide: Callable[[bool], None]) -> None:
    """Say whether the window is wide enough to show the sidebar beside the page."""


@solara.component_vue("guard.vue")
def Guard(asks: bool, language: str, names: dict[str, str]) -> None:
    """Let the browser ask before it leaves a page whose game would be lost; say the page's language and names."""


@solara.component
def Layout(children: list[Any] = []) -> None:  # noqa: B006, as Solara calls it
    """Solara's own frame; on a telephone its sidebar would begin by covering the page."""
    wide, set_wide = solara.use_state(False)
    with solara.AppLayout(sidebar_open=wide, navigation=False):
        Window(event_wide=set_wide)
        for child in children:
            solara.display(child)
