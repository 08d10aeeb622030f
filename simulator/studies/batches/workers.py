"""Who computes: a pool of processes that end with their parent, or the workers of a Dask cluster."""

from __future__ import annotations

import asyncio
import atexit
import ctypes
import math
import multiprocessing
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, TypeVar

from tanshi.language import speak, spoken
from tanshi.numerics.threads import keep_one_thread
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.extras import need
from tanshi.simulator.machine.memory import collect_seldom
from tanshi.simulator.studies.batches.serving import FILES, read_keys

A = TypeVar("A")
R = TypeVar("R")
ASK_AGAIN = 1.0
"""Seconds after which a scheduler is asked again how many workers it has: a question costs as much as a submission."""


class Workers(Protocol):
    """An executor that can be asked whether it is still there."""

    @property
    def window(self) -> int:
        """Tasks to keep under way: enough that no worker waits, few enough that a stop loses little."""
        ...

    def submit(self, function: Callable[[A], R], task: A) -> Future[R]:
        """Hand over one task."""
        ...

    def lost(self) -> str:
        """Why no more answers will come; empty while they may."""
        ...

    def renew(self) -> None:
        """Start again after a worker died."""
        ...

    def close(self) -> None:
        """Let the workers go; what is not begun is dropped."""
        ...


def processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


MOST = 61 if os.name == "nt" else 1 << 20
"""Processes of a pool at most: Windows waits for no more than 63 things at once."""


class Pool:
    """Processes of our own, started afresh (spawn), one numerical thread each.

    Parameters
    ----------
    report
        Where the periods of the runs are reported; None where nobody asks.
    """

    def __init__(self, count: int, report: Callable[[str, int, int], None] | None) -> None:
        self.count = min(count, MOST)
        self.context = multiprocessing.get_context("spawn")
        self.report = report
        self._start()

    def _start(self) -> None:
        # Each pool has a queue of its own: a process killed while it writes leaves its queue locked for ever.
        self.news: Any = self.context.Queue() if self.report is not None else None
        self.listener = threading.Thread(target=self._listen, args=(self.news,), daemon=True)
        if self.news is not None:
            self.listener.start()
        self.pool = ProcessPoolExecutor(self.count, self.context, begin_worker, (os.getpid(), self.news, spoken()))

    def _listen(self, news: Any) -> None:
        while (word := news.get()) is not None:
            if self.report is not None:
                self.report(*word)

    @property
    def window(self) -> int:
        """One task each, and as many waiting."""
        return 2 * self.count

    def submit(self, function: Callable[[A], R], task: A) -> Future[R]:
        """Hand over one task; a process that it starts does not begin with the user's script."""
        with _bare_main():
            return self.pool.submit(function, task)

    def lost(self) -> str:
        """Processes of our own are noticed by their pool."""
        return ""

    def renew(self) -> None:
        """Put a fresh pool in place of one that lost a process."""
        self.close()
        self._start()

    def close(self) -> None:
        """End the processes after the runs they are in."""
        self.pool.shutdown(wait=True, cancel_futures=True)
        if self.news is not None:
            self.news.cancel_join_thread()
            self.news.put(None)
            self.listener.join(timeout=2)
            if not self.listener.is_alive():
                self.news.close()


_bare = threading.Lock()


@contextmanager
def _bare_main() -> Iterator[None]:
    """Hide the program that was started from processes that begin.

    A process begun afresh imports its parent's main module, to find in it what it is to do. Ours is found in this
    package, so that a script needs no ``if __name__ == "__main__"``, and neither it nor a notebook's kernel is run
    again in each worker.
    """
    with _bare:
        own = sys.modules["__main__"]
        sys.modules["__main__"] = ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = own


class Cluster:
    """The workers of a Dask scheduler; they must see the same folders and run the same version of the program."""

    def __init__(self, address: str, client: Any) -> None:
        self.address, self.client = address, client
        self.executor: Executor = client.get_executor(pure=False)
        self.asked, self.workers = -math.inf, 0

    @property
    def window(self) -> int:
        """Two tasks a worker; workers may come and go, so the scheduler is asked now and then."""
        if time.monotonic() - self.asked > ASK_AGAIN:
            with suppress(OSError, TimeoutError, asyncio.CancelledError):  # a lost scheduler: `lost` will say so
                self.workers = len(self.client.scheduler_info(n_workers=-1).get("workers", {}))
            self.asked = time.monotonic()
        return max(2, 2 * self.workers)

    def submit(self, function: Callable[[A], R], task: A) -> Future[R]:
        """Hand over one task."""
        return self.executor.submit(function, task)

    def lost(self) -> str:
        """Whether the scheduler still answers."""
        return "" if self.client.status == "running" else f"the scheduler {self.address} was lost"

    def renew(self) -> None:
        """A cluster replaces its own workers."""

    def close(self) -> None:
        """Leave the cluster running; with the client go the tasks that nobody waits for any more."""
        self.client.close(timeout=2)


def security_of(address: str) -> Any:
    """What a ``tls://`` address needs: the certificates in the folder that TANSHI_TLS names; None for others.

    Raises
    ------
    UserError
        Where there are none.
    """
    if not address.startswith("tls://"):
        return None
    from distributed.security import Security

    keys = read_keys(Path(os.environ.get("TANSHI_TLS", "certificates")), "TANSHI_TLS")
    assert keys is not None
    files = {option: str(keys.folder / name) for option, name in FILES.items()}
    make: Any = Security
    return make(
        tls_ca_file=files["ca"], tls_client_cert=files["cert"], tls_client_key=files["key"], require_encryption=True
    )


def cluster(address: str) -> Cluster:
    """Connect to a Dask scheduler.

    Raises
    ------
    UserError
        Where Dask is not installed, the address is none, or nobody answers there.
    """
    need("cluster", "There is no cluster to compute on.", place="--scheduler")
    from distributed import Client

    try:
        if found := re.fullmatch(r"(?:tcp|tls)://([^:/\[\]]+):(\d+)", address):  # Dask would knock for ten seconds
            socket.create_connection((found[1], int(found[2])), timeout=10).close()
        make: Any = Client
        client = make(address, timeout=10, set_as_default=False, name="tanshi", security=security_of(address))
    except (OSError, OverflowError, ValueError, TypeError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        hint = "Start one, with workers: tanshi cluster."
        problem = Problem("the address of a Dask scheduler", f"{address!r} ({why})", "--scheduler", hint=hint)
        raise UserError("The cluster cannot be reached.", [problem]) from error
    return Cluster(address, client)


# -- in a pool's processes ---------------------------------------------------------------------------------

_news: Any = None
_in_pool = False


class _Nobody:
    """Takes news that nobody asked for."""

    def put(self, word: object) -> None:
        """Drop it."""


def news_of() -> Any:
    """Where this process reports its periods; None outside a pool of ours."""
    return _news if _in_pool else None


def begin_worker(parent: int, news: Any, language: str = "en") -> None:
    """Prepare a process: one thread for numerics, the parent's language, and an end with its parent."""
    speak(language)
    global _news, _in_pool
    _news, _in_pool = (_Nobody() if news is None else news), True
    if news is not None:
        news.cancel_join_thread()  # news that nobody reads must not keep the process
    collect_seldom()
    keep_one_thread()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what an interrupt ends
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: at once, even within a long computation
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    atexit.register(os._exit, 0)  # taking the interpreter apart would take half a second, and all is on disk


def _watch(parent: int) -> None:
    """End this process when its parent has gone. A number would not do: Windows keeps it, and gives it to another."""
    above = multiprocessing.parent_process()
    while os.getppid() == parent and (above is None or above.is_alive()):
        time.sleep(0.5)
    os._exit(1)
