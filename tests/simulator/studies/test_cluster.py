"""The same sweep on Dask's workers: same ids, same bytes, gone on with; a lost scheduler loses nothing."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

import pytest

from tanshi.scenarios.errors import UserError
from tanshi.simulator.cli.app import main
from tanshi.simulator.studies.batches.compact import compact
from tanshi.simulator.studies.batches.execute import StudyStopped
from tanshi.simulator.studies.batches.serving import serve
from tanshi.simulator.studies.batches.workers import cluster
from tanshi.simulator.studies.sweeps.sweep import open_sweep, run_sweep
from tests.simulator.studies.conftest import SWEEP, differences

pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("ignore")
ROOT = Path(__file__).parents[3]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Dask:
    """A scheduler and two workers on this machine's loopback."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.address = f"tcp://127.0.0.1:{port}"
        # Not the folder of the project: the workers find it by PYTHONPATH, as they would on a cluster.
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__DASHBOARD__LINK": ""}
        self.folder = folder
        self.processes = [
            self.start("scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--no-show")
        ]
        self.processes.append(
            self.start(
                "worker", self.address, "--host", "127.0.0.1", "--nworkers", "2", "--nthreads", "1", "--no-dashboard",
                "--local-directory", str(folder), "--death-timeout", "60",
            )
        )  # fmt: skip

    def ready(self) -> Dask:
        """Itself, once the scheduler answers."""
        host, port = self.address.removeprefix("tcp://").split(":")
        for _ in range(300):
            with suppress(OSError):
                socket.create_connection((host, int(port)), timeout=10).close()
                return self
            time.sleep(0.1)
        raise AssertionError("no scheduler after half a minute")

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *words], cwd=self.folder, env=self.environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            process.wait(timeout=30)


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    (tmp_path / "dask").mkdir()
    started = Dask(tmp_path / "dask")
    yield started.ready()
    started.stop()


def listeners(pids: set[str]) -> set[str]:
    """Addresses on which some processes listen, as /proc has them: 0100007F is the loopback."""
    sockets = {
        os.readlink(link).removeprefix("socket:[").removesuffix("]")
        for pid in pids
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if os.readlink(link).startswith("socket:[")
    }
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and words[9] in sockets:
                found.add(words[1].split(":")[0])
    return found


def family(pid: int) -> set[str]:
    """A process and all that came of it."""
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {str(pid)}.union(*(family(int(child)) for child in below)) if below else {str(pid)}


def test_a_cluster_writes_the_same_bytes_and_nobody_else_reaches_it(
    sweep_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)  # the workers are told where the program is
    plan = open_sweep(sweep_file)
    run_sweep(plan, tmp_path / "here", workers=1)
    service = serve("127.0.0.1", free_port(), 1)
    try:
        outcome = run_sweep(plan, tmp_path / "there", scheduler=service.address)
        if Path("/proc/net/tcp").exists():
            pids = set().union(*(family(process.pid) for process in service.processes))
            assert listeners(pids) == {"0100007F"}
    finally:
        service.stop()
    assert (outcome.done, outcome.failed) == (12, {})
    for folder in ("here", "there"):
        compact(tmp_path / folder)
    assert differences(tmp_path / "there", tmp_path / "here") == []


def test_a_request_to_end_leaves_no_scheduler_and_no_worker_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-u", str(ROOT / "run.py"), "cluster", "--workers", "1", "--port", str(free_port())]
    started = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert started.stdout is not None
    assert "1 workers for tcp://127.0.0.1" in started.stdout.readline()
    below = family(started.pid) - {str(started.pid)}
    assert len(below) >= 2
    started.terminate()
    assert started.wait(timeout=60) == 0
    end = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in below) and time.monotonic() < end:
        time.sleep(0.1)
    assert [pid for pid in below if Path(f"/proc/{pid}").exists()] == []


def test_a_cluster_that_others_would_reach_is_refused_without_certificates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for host in ("0.0.0.0", "10.0.0.5", "::"):
        assert main(["cluster", "--host", host]) == 2
        said = capsys.readouterr().err
        assert "--tls" in said
        assert "have any program run as you" in said
    assert main(["cluster", "--host", "0.0.0.0", "--tls", str(tmp_path)]) == 2
    assert "no ca.pem, cert.pem, key.pem" in capsys.readouterr().err
    assert main(["cluster", "--join", "nonsense"]) == 2
    assert "tcp://host:port" in capsys.readouterr().err
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["cluster", "--port", str(taken.getsockname()[1])]) == 2
    assert "cannot listen" in capsys.readouterr().err


MACHINES = ("tanshi-a", "tanshi-b")
REACHED = "10.231.77.1"


@pytest.fixture
def machines() -> Iterator[None]:
    """Two network namespaces with a wire between them: for the network, two machines."""
    words = [
        *(f"netns add {name}" for name in MACHINES),
        "link add tanshi-wire-a type veth peer name tanshi-wire-b",
        *(f"link set tanshi-wire-{name[-1]} netns {name}" for name in MACHINES),
        *(f"-n {name} address add 10.231.77.{n}/24 dev tanshi-wire-{name[-1]}" for n, name in enumerate(MACHINES, 1)),
        *(f"-n {name} link set {device} up" for name in MACHINES for device in (f"tanshi-wire-{name[-1]}", "lo")),
    ]
    try:
        for line in words:
            subprocess.run(["ip", *line.split()], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("network namespaces need the right to make them")
    yield
    for name in MACHINES:
        subprocess.run(["ip", "netns", "delete", name], check=True)


@pytest.mark.study
def test_two_machines_compute_one_sweep_with_certificates_and_a_lost_worker_costs_nothing(
    machines: None, sweep_file: Path, tmp_path: Path
) -> None:
    sweep_file.write_text(SWEEP.replace("samples: 6", "samples: 24"))
    run_sweep(open_sweep(sweep_file), tmp_path / "here", workers=2)
    keys = tmp_path / "keys"
    keys.mkdir()
    made = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tanshi -keyout key.pem -out cert.pem"
    subprocess.run(["openssl", *made.split()], cwd=keys, check=True, capture_output=True)
    (keys / "ca.pem").write_bytes((keys / "cert.pem").read_bytes())
    (keys / "others").mkdir()
    subprocess.run(["openssl", *made.split()], cwd=keys / "others", check=True, capture_output=True)
    (keys / "others" / "ca.pem").write_bytes((keys / "others" / "cert.pem").read_bytes())
    address = f"tls://{REACHED}:8786"

    def on(machine: str, *words: str, certificates: Path = keys) -> subprocess.Popen[bytes]:
        command = ["ip", "netns", "exec", machine, sys.executable, str(ROOT / "run.py"), *words]
        environment = {**os.environ, "TANSHI_TLS": str(certificates)}
        return subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)

    shared = ["--tls", str(keys), "--workers", "1"]
    running = [on(MACHINES[0], "cluster", "--host", REACHED, *shared)]
    time.sleep(8)
    running.append(on(MACHINES[1], "cluster", "--join", address, *shared))
    sweep = ["sweep", str(sweep_file), "--scheduler", address, "--out"]
    try:
        stranger = on(MACHINES[1], *sweep, str(tmp_path / "strange"), certificates=keys / "others")
        assert stranger.wait(timeout=120) == 2  # another key opens nothing
        study = on(MACHINES[1], *sweep, str(tmp_path / "there"))
        end = time.monotonic() + 120
        while len(list((tmp_path / "there").glob("*-p*/run.json"))) < 8 and time.monotonic() < end:
            time.sleep(0.1)
        running[1].terminate()  # with its worker, while runs are under way
        assert study.wait(timeout=300) == 0
    finally:
        for process in running:
            process.terminate()
            process.wait(timeout=60)
    for folder in ("here", "there"):
        compact(tmp_path / folder)
    assert differences(tmp_path / "there", tmp_path / "here") == []


@pytest.mark.study
def test_a_lost_scheduler_loses_nothing(dask: Dask, sweep_file: Path, tmp_path: Path) -> None:
    def lose(name: str, done: int, total: int) -> None:
        if done == 3:
            dask.processes[0].kill()

    sweep_file.write_text(SWEEP.replace("samples: 6", "samples: 16"))
    with pytest.raises(StudyStopped, match=r"the scheduler .* was lost.*of 32 runs were finished and are kept"):
        run_sweep(open_sweep(sweep_file), tmp_path / "out", scheduler=dask.address, progress=lose)
    dask.stop()
    assert len(list((tmp_path / "out").glob("S*-p*/run.json"))) >= 3
    again = Dask(tmp_path / "dask")
    try:
        assert main(["sweep", str(tmp_path / "out"), "--scheduler", again.ready().address]) == 0
    finally:
        again.stop()


class Lost:
    """Workers whose scheduler dies while runs are under way: Dask's event loop cancels what waits for it."""

    window = 2

    def submit(self, function: object, task: object) -> Future[object]:
        future: Future[object] = Future()
        future.set_exception(asyncio.CancelledError())
        return future

    def lost(self) -> str:
        return "the scheduler tcp://host:1 was lost"

    def close(self) -> None: ...


def test_what_dask_cancels_is_a_lost_scheduler_and_no_traceback(
    sweep_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tanshi.simulator.studies.batches.execute.cluster", lambda address: Lost())
    with pytest.raises(StudyStopped, match=r"the scheduler tcp://host:1 was lost\. 0 of 12 runs were finished"):
        run_sweep(open_sweep(sweep_file), tmp_path / "out", scheduler="tcp://host:1")


def test_nobody_at_the_address_is_said(tmp_path: Path, sweep_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begun = time.monotonic()
    with pytest.raises(UserError, match="The cluster cannot be reached"):
        cluster(f"tcp://127.0.0.1:{free_port()}")
    assert time.monotonic() - begun < 30
    words = ["sweep", str(sweep_file), "--out", str(tmp_path / "out"), "--scheduler", "nonsense://x"]
    assert main(words) == 2
    said = capsys.readouterr().err
    assert "tanshi cluster" in said
    assert "Traceback" not in said
