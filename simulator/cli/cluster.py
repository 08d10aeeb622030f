"""The command that starts workers for `--scheduler`: on this machine alone, or with certificates on several."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from tanshi.language import say
from tanshi.simulator.cli.sweep import Workers


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog="Examples:\n\n"
        "tanshi cluster --workers 2    (then: tanshi sweep cap --scheduler tcp://127.0.0.1:8786)\n\n"
        "tanshi cluster --host 10.0.0.5 --tls certificates    (others reach it: only with certificates)\n\n"
        "tanshi cluster --join tls://10.0.0.5:8786 --tls certificates --workers 16    (on the next machine)"
    )(cluster)


def cluster(
    workers: Workers = None,
    host: Annotated[str, typer.Option(help="Address to listen on; this machine's own is reached by nobody else.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the scheduler.")] = 8786,
    join: Annotated[
        str | None,
        typer.Option(metavar="tls://HOST:PORT", help="Only workers, for a scheduler elsewhere.", show_default=False),
    ] = None,
    tls: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Certificates: ca.pem, cert.pem, key.pem.", show_default=False),
    ] = None,
) -> None:
    """Start a Dask scheduler and workers for --scheduler; Ctrl-C ends them.

    Whoever reaches a scheduler's port can have any program run as you, for Dask asks for no password: it listens on
    this machine alone unless you give certificates.
    """
    from tanshi.simulator.studies.batches.serving import join as begin_workers
    from tanshi.simulator.studies.batches.serving import read_keys, serve
    from tanshi.simulator.studies.batches.workers import processors

    _ended_like_an_interrupt()
    keys, count = read_keys(tls, "--tls"), workers or processors()
    service = serve(host, port, count, keys) if join is None else begin_workers(join, count, keys)
    try:
        print(
            say(
                "{count} workers for {address}. To compute on them: tanshi sweep cap --scheduler {address}. Ctrl-C ends"
                " them.",
                count=count,
                address=service.address,
            ),
            flush=True,
        )
        if keys is not None:
            print(say("There set TANSHI_TLS={folder} for the certificates.", folder=keys.folder), flush=True)
        code = service.wait()
    except KeyboardInterrupt:
        code = 0
    finally:
        service.stop()
    if code:
        raise typer.Exit(1)


def _ended_like_an_interrupt() -> None:
    """Let a request to end (SIGTERM: a service manager, a batch system) end scheduler and workers as Ctrl-C does."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
