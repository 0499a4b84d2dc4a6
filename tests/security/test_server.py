"""The server that `portal run` starts, as a stranger meets it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from flask import Flask

from portal.operations.run import longest_request
from tests import services

MEGABYTE = 1024 * 1024


def test_a_body_that_no_page_takes_is_refused_before_it_is_sent(app: Flask, tmp_path: Path) -> None:
    limit = longest_request(app)
    # Nine photos of a complaint; docs/operate.md tells the proxy the same.
    assert 108 * MEGABYTE <= limit <= 110 * MEGABYTE
    env = {key: value for key, value in os.environ.items() if not key.startswith("PORTAL_")}
    env |= {"PORTAL_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    port = services._free_port()
    command = [sys.executable, "-m", "portal", "run", "--port", str(port)]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            assert "Serving on" in server.stdout.readline()
            with socket.create_connection(("127.0.0.1", port), 30) as stranger:
                stranger.settimeout(30)
                head = f"POST /login HTTP/1.1\r\nHost: x\r\nContent-Length: {limit + 1}\r\n\r\n"
                stranger.sendall(head.encode() + b"a")
                assert stranger.recv(64).startswith(b"HTTP/1.1 413")
        finally:
            server.terminate()
            server.wait(30)
