"""Serving the dashboard on this machine alone, until it is interrupted."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.load import load_scenario
from tanshi.simulator.machine.disk import StoreError
from tanshi.simulator.views.dashboard.answer import what_if
from tanshi.simulator.views.dashboard.app import draw, make_app
from tanshi.simulator.views.dashboard.bases import START
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.dashboard.levers import EQUILIBRIUM

HOST = "127.0.0.1"


class _Quiet(WSGIRequestHandler):
    """Tells of errors, not of every request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of a request that was answered."""


@dataclass
class Serving:
    """A dashboard at work: its address, its desk and its server."""

    address: str
    desk: Desk
    server: Any

    def forever(self) -> None:
        """Answer until interrupted."""
        self.server.serve_forever()


@contextmanager
def serving(folder: Path | None, root: Path, port: int, *, warm: bool = True) -> Iterator[Serving]:
    """Open the dashboard's port; it answers once ``Serving.forever`` runs.

    Parameters
    ----------
    folder
        Results to show first; None for the newest below ``root``.
    port
        0 for any that is free.
    warm
        Whether the process behind the sliders starts at once.

    Raises
    ------
    UserError
        Where the port is in use or may not be used.
    """
    desk = Desk(folder, root)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    held = _bind(port)
    try:
        app = make_app(desk)
        server = make_server(HOST, port, app.server, threaded=True, request_handler=_Quiet, fd=held.fileno())
        if warm:
            Thread(target=_read_ahead, args=(desk,), daemon=True).start()
            desk.levers.warm_up(what_if, load_scenario(START, EQUILIBRIUM))
        try:
            yield Serving(f"http://{HOST}:{held.getsockname()[1]}", desk, server)
        finally:
            server.shutdown()
            server.server_close()
    finally:
        held.close()
        desk.close()


def _read_ahead(desk: Desk) -> None:
    """Read what the first page shows while the browser still opens; what is wrong with it, the page says."""
    with suppress(StoreError, UserError):
        draw(desk, "/", None, "")


@contextmanager
def in_background(folder: Path | None, root: Path, port: int = 0, *, warm: bool = True) -> Iterator[Serving]:
    """A dashboard that answers while the caller goes on (for tests and notebooks)."""
    with serving(folder, root, port, warm=warm) as found:
        thread = Thread(target=found.forever, daemon=True)
        thread.start()
        yield found


def _bind(port: int) -> socket.socket:
    """The port, held before anything slow is done; werkzeug would end the program where it is taken."""
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name == "posix":  # elsewhere it would let two programs listen at one port
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind((HOST, port))
        held.listen(128)
    except (OSError, OverflowError) as error:
        held.close()
        why = getattr(error, "strerror", None) or str(error)
        hint = Message(
            "Choose another: --port {port}. Perhaps a dashboard is open already.",
            port=port + 1 if port < 65535 else 8050,
        )
        raise UserError(
            "The dashboard cannot be opened.", [Problem("a free port", f"{port} ({why})", "--port", hint=hint)]
        ) from error
    return held
