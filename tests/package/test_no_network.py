"""Nothing is fetched while the program works: with every way out closed, each command does what it always does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.package.installs import ROOT

CLOSED = '''
"""Every socket that would leave this machine fails, and every name that would be looked up."""
import socket

HERE = ("127.0.0.1", "::1", "localhost", "0.0.0.0", "")
_connect, _connect_ex, _lookup = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

def _refuse(address):
    if isinstance(address, tuple) and address[0] not in HERE:
        import os
        open(os.environ["ASKED"], "a").write(f"{address}\\n")
        raise OSError(f"the network is closed: {address}")

def connect(self, address):
    _refuse(address)
    return _connect(self, address)

def connect_ex(self, address):
    _refuse(address)
    return _connect_ex(self, address)

def getaddrinfo(host, *rest, **more):
    _refuse((host or "", 0))
    return _lookup(host, *rest, **more)

socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo = connect, connect_ex, getaddrinfo
'''
WORK = """
from tanshi.simulator.cli.app import main

small = ["--years", "2022-2023", "--firms", "24", "--set", "market.periods_per_year=1", "--set", "banking.horizon=0"]
for words in (
    ["run", "S1", "S5", *small, "--out", "out", "--workers", "1"],
    ["report", "out"], ["compact", "out"], ["query", "out", "select count(*) from annual"], ["params"], ["doctor"],
    ["run", "S9"],
):
    code = main(words)
    assert code == (2 if words[-1] == "S9" else 0), (words, code)
"""


def test_commands_work_without_a_network_and_never_ask_for_one(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(CLOSED)
    asked = tmp_path / "asked"
    room = os.pathsep.join((str(tmp_path), str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-c", WORK],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": room, "ASKED": str(asked)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert not asked.exists(), asked.read_text()


def test_the_closed_network_would_have_noticed(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(CLOSED)
    code = "import urllib.request as u\ntry: u.urlopen('http://example.org', timeout=5)\nexcept OSError as e: print(e)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "ASKED": str(tmp_path / "asked"), "no_proxy": "*"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "the network is closed" in done.stdout
    assert "example.org" in (tmp_path / "asked").read_text()
