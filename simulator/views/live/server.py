"""The server of the page: on this machine only, and without a word to any other."""

from __future__ import annotations

import errno
import os
import socket
import sys
import warnings
from typing import Any

from tanshi.language import say, translate
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.extras import need
from tanshi.scenarios.schema import Scenario
from tanshi.simulator.views.guard import OnlyThisMachine

HOST = "127.0.0.1"


def serve(scenario: Scenario, port: int, *, lesson: bool = False) -> None:
    """Show the live market of a scenario until interrupted.

    Parameters
    ----------
    lesson
        Whether all windows look at one market, with several seats.

    Raises
    ------
    UserError
        Where the extra `live` is not installed, or the port is taken.
    EquilibriumError
        As `rehearse`.
    """
    need("live", "The live market needs more than the program itself.")
    listening = claim(port)
    # Read once, when Solara is imported. It would send statistics of use, fetch what its own files lack, and keep the
    # market of a window that was closed for a day.
    os.environ |= {
        "SOLARA_KERNEL_CULL_TIMEOUT": "5m",
        "SOLARA_APP": "tanshi.simulator.views.live.page:Page",
        "SOLARA_ASSETS_CDN": f"http://{HOST}:9/",
        "SOLARA_MODE": "production",
        "SOLARA_TELEMETRY_MIXPANEL_ENABLE": "false",
    }
    warnings.filterwarnings("ignore", message="Cookies with samesite=none require https")
    import solara.server.settings
    import uvicorn

    from tanshi.simulator.views.live import page
    from tanshi.simulator.views.live.room import Room

    page.asked = scenario
    rehearse(scenario)
    page.shared = Room(scenario, shared=True) if lesson else None
    solara.server.settings.theme.title = translate(page.TITLE)
    solara.server.settings.theme.show_banner = False
    import solara.server.starlette

    offer_font(solara.server.starlette.app)
    address = f"http://{HOST}:{port}/"
    print(say("The live market of {name} is at {address}  (Ctrl+C ends it)", name=scenario.name, address=address))
    if lesson:
        leads = address + "?" + page.LECTURER
        print(say("The lecturer's window, which holds the auctions: {address}", address=leads))
    sys.stdout.flush()
    config = uvicorn.Config(
        OnlyThisMachine(solara.server.starlette.app), log_level="warning", timeout_graceful_shutdown=2
    )
    uvicorn.Server(config).run(sockets=[listening])


def offer_font(app: Any) -> None:
    """Serve the font of Chinese signs from this machine."""
    from starlette.responses import FileResponse
    from starlette.routing import Route

    from tanshi.simulator.views.charts.style import HAN_FILE

    async def font(request: Any) -> FileResponse:
        return FileResponse(HAN_FILE, media_type="font/ttf", headers={"Cache-Control": "max-age=86400"})

    app.router.routes.insert(0, Route(f"/fonts/{HAN_FILE.name}", font))


def rehearse(scenario: Scenario) -> None:
    """Run and draw a first auction, and throw it away: what cannot begin is known now, and the page opens sooner.

    Raises
    ------
    EquilibriumError
        Where the economy has no equilibrium in the first period.
    """
    from tanshi.simulator.views.live.market import LiveMarket
    from tanshi.simulator.views.live.tabs import TABS

    first = LiveMarket(scenario)
    for shown in TABS[0].shown:
        shown.html(first)


def claim(port: int) -> socket.socket:
    """A socket that listens on this machine only.

    Raises
    ------
    UserError
        Where another program has the port, or it may not be taken.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":  # elsewhere it would let two programs listen at one port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()
    except OSError as error:
        listening.close()
        used = error.errno == errno.EADDRINUSE
        problem = Problem("a free port", f"{port}, {'which is in use' if used else error.strerror}", "--port",
                          hint="Choose another, such as --port 8766.")  # fmt: skip
        raise UserError("The live market cannot be shown.", [problem]) from error
    return listening
