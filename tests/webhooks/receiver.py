"""A program that is told things: a real server on this machine, with moods."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Got:
    """A message as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """`mood`: a status to answer, or a word for how to misbehave."""

    server: ThreadingHTTPServer
    mood: int | str = 200
    got: list[Got] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        return int(self.server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks"


class Handler(BaseHTTPRequestHandler):
    """Keeps what it is sent, and answers as its receiver's mood is."""

    receiver: Receiver

    def do_POST(self) -> None:
        receiver, length = self.receiver, int(self.headers["Content-Length"])
        headers = {name.lower(): value for name, value in self.headers.items()}
        receiver.got.append(Got(self.path, headers, self.rfile.read(length)))
        mood = receiver.mood
        if isinstance(mood, int):
            self.send_response(mood)
            if 300 <= mood < 400:
                self.send_header("Location", receiver.url + "/elsewhere")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")
        else:
            # They hang up, as they should.
            with suppress(OSError):
                getattr(self, f"_{mood}")()

    def _hang(self) -> None:
        self.receiver.done.wait(30)

    def _drip_head(self) -> None:
        for each in b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 10_000:
            self.wfile.write(bytes([each]))
            if self.receiver.done.wait(0.05):
                return

    def _drip_body(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n")
        for _ in range(10_000):
            self.wfile.write(b"a")
            if self.receiver.done.wait(0.05):
                return

    def _huge(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        chunk, self.receiver.mood = b"a" * 65536, 0
        while not self.receiver.done.is_set():
            self.wfile.write(chunk)
            self.receiver.mood = int(self.receiver.mood) + len(chunk)

    def _endless_continue(self) -> None:
        while not self.receiver.done.wait(0.01):
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _garbage(self) -> None:
        self.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")

    def _many_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X-A: a\r\n" * 5000 + b"\r\n")

    def _silence(self) -> None:
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def receiving(*, tls: Any = None, port: int = 0) -> Iterator[Receiver]:
    """Run a receiver for the time of the block."""
    handler = type("ThisHandler", (Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    handler.receiver = receiver = Receiver(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        receiver.done.set()
        server.shutdown()
        thread.join()
        server.server_close()
        time.sleep(0)
