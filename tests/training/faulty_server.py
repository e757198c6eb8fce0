"""A web server on this machine that drops, lies and fails as a test's script says."""

import hashlib
import http.server
import re
import threading
from collections.abc import Callable
from typing import Self

from training.fetch import Remote

NAME = "Audio_Speech_Actors_01-24.zip"
Answer = Callable[["Handler"], None]


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the body with ranges, or whatever the next scripted answer does instead."""

    server: "Server"

    def do_GET(self) -> None:
        self.server.requests.append((self.path, self.headers.get("Range")))
        script = self.server.script
        (script.pop(0) if script else whole)(self)

    def log_message(self, *_args: object) -> None:
        """Keep stderr clean."""

    def send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for key, value in ({"Content_Length": str(len(body))} | headers).items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    @property
    def first(self) -> int:
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        return int(found[1]) if found else 0


class Server(http.server.ThreadingHTTPServer):
    def __init__(self, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = body
        self.script: list[Answer] = []
        self.requests: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def remote(self) -> Remote:
        return Remote(
            url=f"{self.url}/{NAME}",
            size_bytes=len(self.body),
            md5=hashlib.md5(self.body, usedforsecurity=False).hexdigest(),
        )

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


def whole(handler: Handler) -> None:
    first, body = handler.first, handler.server.body
    if first:
        reach = f"bytes {first}-{len(body) - 1}/{len(body)}"
        handler.send(206, body[first:], Content_Range=reach)
    else:
        handler.send(200, body)


def drop_after(count: int) -> Answer:
    def answer(handler: Handler) -> None:
        first, body = handler.first, handler.server.body
        reach = {"Content_Range": f"bytes {first}-{len(body) - 1}/{len(body)}"} if first else {}
        handler.send(
            206 if first else 200,
            body[first : first + count],
            Content_Length=str(len(body) - first),
            **reach,
        )

    return answer


def stall_after(count: int) -> Answer:
    def answer(handler: Handler) -> None:
        drop_after(count)(handler)
        handler.connection.recv(1)  # returns when the other side has lost its patience

    return answer


def fail(status: int, **headers: str) -> Answer:
    return lambda handler: handler.send(status, b"sorry", **headers)


def ignore_range(handler: Handler) -> None:
    handler.send(200, handler.server.body)


def damage(handler: Handler) -> None:
    handler.send(200, b"?" + handler.server.body[1:])


def hang_up(handler: Handler) -> None:
    handler.close_connection = True
