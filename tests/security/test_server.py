"""The server that `portal run` starts, as a stranger meets it."""

import socket
import threading

from flask import Flask
from waitress import create_server

from portal.operations.run import longest_request

MEGABYTE = 1024 * 1024


def test_a_body_that_no_page_takes_is_refused_before_it_is_sent(app: Flask) -> None:
    limit = longest_request(app)
    assert 48 * MEGABYTE <= limit <= 50 * MEGABYTE
    server = create_server(app, port=0, ident=None, max_request_body_size=limit)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        with socket.create_connection(("127.0.0.1", server.effective_port), 10) as stranger:
            stranger.settimeout(10)
            head = f"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: {limit + 1}\r\n\r\n"
            stranger.sendall(head.encode() + b"a")
            assert stranger.recv(64).startswith(b"HTTP/1.1 413")
    finally:
        server.close()
        thread.join(10)
