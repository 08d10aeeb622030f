"""Requests to both pages: foreign hosts and origins, paths that climb, scripts in every field."""

from __future__ import annotations

import asyncio
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from tanshi.errors import TanshiError
from tanshi.simulator.views.dashboard.app import PAGES, make_app
from tanshi.simulator.views.dashboard.desk import Desk
from tanshi.simulator.views.guard import OnlyThisMachine
from tests.attack import room
from tests.attack.attempt import Case, Defect, Dice

HERE = "127.0.0.1:8050"
HOSTS = (
    *(
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example:8050",
        "127.0.0.1@evil.example",
    ),
    *("", "0.0.0.0:8050", "[::1]:8050", "127.0.0.2:8050", "127.1", "2130706433", "localhost:80:80.evil", "x" * 3000),
)
ORIGINS = (
    *("http://evil.example", "null", "https://127.0.0.1:9999", "http://localhost:8051", "file://", "evil", "http://"),
    *("http://127.0.0.1:8050.evil.example", "http://evil.example#http://127.0.0.1:8050", "chrome-extension://x"),
)
CLIMBS = (
    *("..", "%2e%2e", "..%2f..%2f..", "....//", "%252e%252e", "..\\..", "/etc/passwd", "%00", "file:///etc/passwd"),
    *("C:\\windows\\win.ini", "~", "$HOME", "{{7*7}}", "run.json", "con", "a" * 4000, "碳市", "\u202e"),
)
SCRIPTS = (
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "'\"><svg onload=alert(1)>"),
    *("{{constructor.constructor('alert(1)')()}}", "\x1b[2J", "\0", "nan", "-1e999", "[]", "{}", "null", "1;drop"),
)
FILES = ("iamc.csv", "annual.csv", "bands.csv", "price.png", "runs/S1/periods.csv", "runs/S1/scenario.yaml")
SECRET = b"root:"


@lru_cache(maxsize=1)
def client() -> Any:
    """A client of the dashboard over the small batch."""
    folder = room.batch()
    return make_app(Desk(folder, folder.parent)).server.test_client()


def _foreign(dice: Dice, case: Case) -> None:
    headers = {"Host": dice.choice(HOSTS)}
    if dice.random() < 0.5:
        headers = {"Host": HERE, "Origin": dice.choice(ORIGINS)}
    path = dice.choice(
        (*(page.path for page in PAGES), "/files/annual.csv", "/_dash-update-component", "/_dash-layout")
    )
    case.tried = f"{headers} {path}"
    method = dice.choice(("get", "post", "head", "options"))
    answer = getattr(client(), method)(path, headers=headers)
    if answer.status_code < 400 or SECRET in answer.data:
        raise Defect(f"{answer.status_code} to {headers}")
    for kind in ("http", "websocket"):
        if _reaches(kind, headers):
            raise Defect(f"a {kind} request of {headers} reached the live market")


def _reaches(kind: str, headers: dict[str, str]) -> bool:
    """Whether a request passes the live market's guard."""
    reached: list[bool] = []

    async def market(scope: Any, receive: Any, send: Any) -> None:
        reached.append(True)

    async def receive() -> dict[str, str]:
        return {"type": f"{kind}.connect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "websocket.accept":
            reached.append(True)

    pairs = [(name.lower().encode(), value.encode("utf-8")) for name, value in headers.items()]
    asyncio.run(OnlyThisMachine(market)({"type": kind, "headers": pairs, "path": "/"}, receive, send))
    return bool(reached)


def _climbs(dice: Dice, case: Case) -> None:
    parts = [dice.choice((*CLIMBS, "files", "runs", "assets", "S1", "annual.csv")) for _ in range(dice.randrange(1, 5))]
    path = "/" + dice.choice(("files/", "files/runs/", "assets/", "")) + "/".join(parts)
    query = {"folder": dice.choice((*CLIMBS, str(Path("/etc")), "/"))} if dice.random() < 0.5 else {}
    case.tried = f"{path[:300]!r} {query}"
    answer = client().get(path, query_string=query, headers={"Host": HERE})
    if answer.status_code >= 500 or SECRET in answer.data or "Content-Disposition" in answer.headers:
        raise Defect(f"{answer.status_code} {answer.data[:200]!r}")


def _downloads(dice: Dice, case: Case) -> None:
    name = dice.choice(FILES)
    case.tried = name
    answer = client().get(f"/files/{name}", headers={"Host": HERE})
    if answer.status_code != 200 or answer.headers["X-Content-Type-Options"] != "nosniff":
        raise Defect(f"{answer.status_code} for {name}")


def _injections(dice: Dice, case: Case) -> None:
    script = dice.choice(SCRIPTS)
    page = dice.choice(PAGES).path if dice.random() < 0.8 else script
    search = "?" + "&".join(
        f"{dice.choice(('scenario', 'year', 'run', 'cap.tightness', script))}={script}" for _ in range(2)
    )
    written = (("page", "children"), ("folder", "value"), ("shown", "data"))
    ask = {
        "output": f"..{'...'.join('.'.join(pair) for pair in written)}..",
        "outputs": [{"id": name, "property": what} for name, what in written],
        "changedPropIds": [dice.choice(("url.pathname", "folder.value", "again.n_clicks"))],
        "inputs": [{"id": "url", "property": "pathname", "value": page},
                   {"id": "folder", "property": "value", "value": dice.choice((None, script, "../..", "/etc"))},
                   {"id": "again", "property": "n_clicks", "value": dice.choice((None, 1, script))}],
        "state": [{"id": "url", "property": "search", "value": search},
                  {"id": "address", "property": "data", "value": dice.choice((None, search, script))}],
    }  # fmt: skip
    case.tried = f"{page!r} {search!r}"
    answer = client().post("/_dash-update-component", json=ask, headers={"Host": HERE, "Origin": f"http://{HERE}"})
    if answer.status_code not in (200, 204):
        raise Defect(f"{answer.status_code} {answer.data[:300]!r}")
    if b"has a defect" in answer.data or SECRET in answer.data:
        raise Defect(answer.get_data(as_text=True)[:300])
    for markup in _texts(json.loads(answer.data)) if answer.status_code == 200 else ():
        raise Defect(f"markup set as it stands: {markup[:200]}")


def _texts(tree: Any) -> list[str]:
    """Whatever a page would set as markup instead of text."""
    if isinstance(tree, dict):
        found = [str(tree[key]) for key in ("dangerously_allow_html", "srcDoc", "innerHTML") if tree.get(key)]
        link = tree.get("href")
        found += [link] if isinstance(link, str) and link.lower().lstrip().startswith(("javascript:", "data:")) else []
        return found + [text for item in tree.values() for text in _texts(item)]
    return [text for item in tree for text in _texts(item)] if isinstance(tree, list) else []


def attack(case: Case) -> None:
    """One request."""
    what = case.dice.choice((_foreign, _foreign, _climbs, _injections, _injections, _downloads))
    what(case.dice, case)
    if what is _foreign:
        raise TanshiError("refused")
