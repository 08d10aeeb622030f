"""A Dask scheduler and workers, started so that they find this program and that nobody else can use them.

Whoever reaches a scheduler's port can have any program run as its owner: Dask sends pickled code and asks for no
password. Both therefore listen on this machine alone, and on another address only with certificates (TLS), without
which nothing is accepted.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tanshi.errors import Message
from tanshi.scenarios.errors import Problem, UserError
from tanshi.scenarios.extras import need
from tanshi.simulator.machine.places import search_path

LOOPBACK = "127.0.0.1"
FILES = {"ca": "ca.pem", "cert": "cert.pem", "key": "key.pem"}
"""Files of a folder of certificates: whose signature is believed, the own certificate, and its key."""
PATIENCE = 60.0
"""Seconds in which a scheduler must answer."""
CALM = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__WORKER__MEMORY__MONITOR_INTERVAL": "2s",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "500ms",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "10s",
    "DASK_LOGGING__DISTRIBUTED": "warning",
}
"""Dask watches itself a hundred times a second, a tenth of a core; so it takes a seventieth."""
NO_PAGE = ("--no-dashboard", "--dashboard-address", f"{LOOPBACK}:0")
"""Without a dashboard Dask still answers web browsers, and by itself on all addresses."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Keys:
    """A folder of certificates."""

    folder: Path

    @property
    def words(self) -> list[str]:
        """As Dask's commands take them."""
        files = {option: str(self.folder / name) for option, name in FILES.items()}
        return ["--tls-ca-file", files["ca"], "--tls-cert", files["cert"], "--tls-key", files["key"]]


def read_keys(folder: Path | None, place: str) -> Keys | None:
    """The certificates in a folder; None where none was given.

    Raises
    ------
    UserError
        Where one of `FILES` is not there.
    """
    if folder is None:
        return None
    if lacking := [name for name in FILES.values() if not os.path.isfile(folder / name)]:
        hint = "docs/studies.md shows the two lines of openssl that make them."
        got = Message("no {lacking} in {folder}", lacking=", ".join(lacking), folder=folder)
        problem = Problem(Message("a folder with {files}", files=", ".join(FILES.values())), got, place, hint=hint)
        raise UserError("The certificates cannot be read.", [problem])
    return Keys(folder.absolute())


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own, that no other reaches."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_host(host: str, keys: Keys | None) -> None:
    """Refuse to listen where others reach, without certificates.

    Raises
    ------
    UserError
        Saying what would happen.
    """
    if keys is None and not is_loopback(host):
        problem = Problem(
            Message("certificates with --tls to listen on {host}", host=host), "none", "--host",
            hint="Whoever reaches the port could have any program run as you: Dask asks for no password.",
        )  # fmt: skip
        raise UserError("The cluster would be open to others.", [problem])


@dataclass
class Service:
    """A scheduler, or none, with workers of this machine; they end with `stop`.

    Parameters
    ----------
    address
        Of the scheduler.
    """

    address: str
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    room: TemporaryDirectory[str] = field(default_factory=lambda: TemporaryDirectory(prefix="tanshi-dask-"))

    def start(self, module: str, words: Sequence[str]) -> None:
        """Start one of Dask's commands."""
        command = [sys.executable, "-m", f"distributed.cli.{module}", *words]
        self.processes.append(subprocess.Popen(command, cwd=self.room.name, env=environment()))

    def wait(self) -> int:
        """Wait until one of the processes ends by itself; its exit code."""
        while True:
            for process in self.processes:
                if (code := process.poll()) is not None:
                    return code
            time.sleep(0.5)

    def stop(self) -> None:
        """End all processes, the workers first."""
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=15)
            process.kill()
        self.room.cleanup()


def environment() -> Mapping[str, str]:
    """What Dask's processes must know: where this program is, and one thread each."""
    path = os.pathsep.join([str(search_path()), *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**CALM, **os.environ, **ONE_THREAD, "PYTHONPATH": path}


def serve(host: str, port: int, workers: int, keys: Keys | None = None) -> Service:
    """Start a scheduler and workers of this machine.

    Raises
    ------
    UserError
        Where Dask is missing, the port is taken, others would reach it without certificates, or it does not answer.
    """
    need("cluster", "There is no cluster to start.")
    check_host(host, keys)
    try:
        with socket.socket() as probe:
            if os.name == "posix":  # elsewhere it would let two programs listen at one port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        got = Message("{host}:{port} ({why})", host=host, port=port, why=why)
        problem = Problem("an address and port of this machine that are free", got, "--port")
        raise UserError("The scheduler cannot listen.", [problem]) from error
    protocol = "tcp" if keys is None else "tls"
    service = Service(f"{protocol}://{host}:{port}")
    quiet = [*NO_PAGE, "--no-show", "--protocol", protocol, *(keys.words if keys is not None else [])]
    try:
        service.start("dask_scheduler", ["--host", host, "--port", str(port), *quiet])
        _until_it_answers(service, host, port)
        _workers(service, workers, host, keys)
    except BaseException:  # an interrupt too: a scheduler that nobody ends would listen on
        service.stop()
        raise
    return service


def join(address: str, workers: int, keys: Keys | None = None) -> Service:
    """Start workers of this machine for a scheduler elsewhere.

    Raises
    ------
    UserError
        Where Dask is missing, the address is none, or others would reach the workers without certificates.
    """
    need("cluster", "There are no workers to start.")
    protocol, _, rest = address.partition("://")
    host, _, port = rest.rpartition(":")
    if protocol not in ("tcp", "tls") or not host or not port.isdigit() or (protocol == "tls") != (keys is not None):
        expected = "tcp://host:port, or tls://host:port with --tls"
        raise UserError("The scheduler cannot be joined.", [Problem(expected, repr(address), "--join")])
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:  # nothing is sent: it tells the own address
            probe.connect((host, int(port)))
            own = str(probe.getsockname()[0])
    except (OSError, OverflowError) as error:
        got = Message("{address} ({why})", address=address, why=getattr(error, "strerror", None) or error)
        problem = Problem("a scheduler that this machine reaches", got, "--join")
        raise UserError("The scheduler cannot be joined.", [problem]) from error
    check_host(own, keys)
    service = Service(address)
    _workers(service, workers, own, keys)
    return service


def _workers(service: Service, count: int, host: str, keys: Keys | None) -> None:
    words = [service.address, "--host", host, "--nworkers", str(count), "--nthreads", "1", *NO_PAGE]
    words += ["--local-directory", service.room.name, "--death-timeout", "60"]
    service.start("dask_worker", [*words, *(keys.words if keys is not None else [])])


def _until_it_answers(service: Service, host: str, port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and service.processes[0].poll() is None:
        with suppress(OSError):
            socket.create_connection((host, port), timeout=5).close()
            return
        time.sleep(0.1)
    problem = Problem(Message("an answer within {seconds:.0f} s", seconds=PATIENCE), "none", service.address)
    raise UserError("The scheduler did not begin.", [problem])
