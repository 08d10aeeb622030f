"""Pages for this machine alone: whoever asks in another machine's name, or from another page, is refused.

A browser lets any page open in it send requests, and open websockets, to a server on the same machine; what it cannot
do is hide under which name it asks (``Host``) and which page sends it (``Origin``).
"""

from __future__ import annotations

from typing import Any

from tanshi.language import mark, translate

HERE = ("127.0.0.1", "localhost")
REFUSED = mark("This page is for this machine alone.")


def is_ours(host: str, origin: str) -> bool:
    """Whether a request comes from this machine's own page.

    Parameters
    ----------
    host
        The request's ``Host``, with its port.
    origin
        Its ``Origin``; empty where the browser sends none.

    Examples
    --------
    >>> is_ours("127.0.0.1:8050", ""), is_ours("127.0.0.1:8050", "http://127.0.0.1:8050")
    (True, True)
    >>> is_ours("evil.example", ""), is_ours("127.0.0.1:8050", "http://evil.example#http://127.0.0.1:8050")
    (False, False)
    """
    return host.rsplit(":", 1)[0] in HERE and (not origin or origin in (f"http://{host}", f"https://{host}"))


class OnlyThisMachine:
    """ASGI middleware with the same rule for requests and websockets.

    Parameters
    ----------
    app
        What answers those who may ask.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if is_ours(headers.get(b"host", ""), headers.get(b"origin", "")):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 4403, "reason": translate(REFUSED)})
        else:
            await _forbid(send)


async def _forbid(send: Any) -> None:
    kind = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 403, "headers": kind})
    await send({"type": "http.response.body", "body": translate(REFUSED).encode()})
