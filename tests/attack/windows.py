"""Windows of the live market, opened and closed in this process as its server does for a browser's window."""
# mypy: disable-error-code="attr-defined, no-untyped-call"

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from contextvars import copy_context
from typing import Any
from unittest.mock import patch

from tanshi.scenarios.load import load_scenario
from tests.attack.room import TINY


def a_window() -> Callable[[int], object]:
    """A visit to the live market: a window with a market of its own, an auction held there, and the window closed."""
    os.environ |= {"SOLARA_APP": "tanshi.simulator.views.live.page:Page", "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false"}
    warnings.filterwarnings("ignore", message="Cookies with samesite=none require https")
    import ipyvuetify
    from solara.server import app, kernel, kernel_context

    from tanshi.simulator.views.live import page
    from tanshi.simulator.views.live.room import Room

    page.asked = load_scenario("S5", {**TINY, "years.end": 2024})
    app.ensure_apps_initialized()
    shown = app.apps["__default__"]
    opened: list[Room] = []

    def noted(*given: Any, **more: Any) -> Room:
        opened.append(Room(*given, **more))
        return opened[-1]

    def visit(n: int) -> object:
        window = kernel_context.VirtualKernelContext(
            id=f"window-{n}", session_id=f"session-{n}", kernel=kernel.Kernel(), control_sockets=[], widgets={},
            templates={},
        )  # fmt: skip
        kernel_context.contexts[window.id] = window
        with window:
            window.container = ipyvuetify.Html(tag="div")
            with patch.object(page, "Room", noted):
                app.load_app_widget(None, shown, "/")
            (room,) = opened
            room.step()
            assert len(room.windows) == 1
            assert len(room.market.moment.rows) > 1
        window.close()
        assert not room.windows
        opened.clear()
        return n

    # A server holds every connection in a context of its own, which goes with it; a kernel leaves its variables there.
    return lambda n: copy_context().run(visit, n)
