"""The edge of the process: one POST, which may neither last, nor lead elsewhere, nor be large."""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from portal.webhooks import addresses
from portal.webhooks.addresses import AddressError, Target

SECONDS = 10.0
"""For everything: looking up, connecting, sending, and the answer's head."""
BODY_SECONDS = 2.0
MOST_BYTES = 64 * 1024
_CONNECT_SECONDS = 5.0
_MOST_ADDRESSES = 4


class PostError(Exception):
    """Nobody answered properly; `code` says why: timeout, tls, no_connection, bad_answer, or one
    of AddressError's. It tells nothing of the address."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def post(target: Target, body: bytes, headers: Mapping[str, str]) -> int:
    """Send `body` and return the answer's status. Redirects are not followed; the answer's body is
    read only so that the other side may finish, 64 KiB at most. Raises PostError."""
    deadline = time.monotonic() + SECONDS
    connection: socket.socket | None = None
    try:
        found = addresses.resolve(target, SECONDS / 2)
        connection = _connect(target, found, deadline)
        return _exchange(target, _Wire(connection, deadline), body, headers)
    except AddressError as error:
        raise PostError(error.code) from None
    except TimeoutError:
        raise PostError("timeout") from None
    except ssl.SSLError:
        raise PostError("tls") from None
    except OSError:
        raise PostError("no_connection") from None
    except (http.client.HTTPException, ValueError):
        raise PostError("bad_answer") from None
    finally:
        if connection is not None:
            connection.close()


def tls_context() -> ssl.SSLContext:
    """Return what checks the other side's certificate."""
    return ssl.create_default_context()


def _connect(target: Target, found: Sequence[str], deadline: float) -> socket.socket:
    failure: OSError = OSError("no address")
    for address in found[:_MOST_ADDRESSES]:
        try:
            wait = min(_CONNECT_SECONDS, _left(deadline))
            connection = socket.create_connection((address, target.port), wait)
        except OSError as error:
            failure = error
            continue
        if not target.secure:
            return connection
        try:
            connection.settimeout(_left(deadline))
            # By name: the certificate is the host's, whatever address it has today.
            return tls_context().wrap_socket(connection, server_hostname=target.host)
        except BaseException:
            connection.close()
            raise
    raise failure


def _exchange(target: Target, wire: "_Wire", body: bytes, headers: Mapping[str, str]) -> int:
    speaker = http.client.HTTPConnection(target.host, target.port)
    # The usual port is left out of the header Host.
    speaker.default_port = 443 if target.secure else 80
    speaker.sock = wire
    speaker.auto_open = 0
    speaker.request("POST", target.path, body, {**headers, "Connection": "close"})
    answer = speaker.getresponse()
    # The head decides: whoever took the message must not get it once more for a slow body.
    wire.deadline = min(wire.deadline, time.monotonic() + BODY_SECONDS)
    with suppress(OSError, ValueError, http.client.HTTPException):
        answer.read(MOST_BYTES)
    return answer.status


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Wire:
    """A socket as http.client uses it, which keeps to one deadline however slowly bytes drip."""

    def __init__(self, connection: socket.socket, deadline: float) -> None:
        self.connection, self.deadline = connection, deadline

    def sendall(self, data: bytes) -> None:
        self.connection.settimeout(_left(self.deadline))
        self.connection.sendall(data)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self))

    def close(self) -> None:
        """Leave the connection open: the answer is still read from it."""


class _Reader(io.RawIOBase):
    def __init__(self, wire: _Wire) -> None:
        self.wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.wire.connection.settimeout(_left(self.wire.deadline))
        return self.wire.connection.recv_into(buffer)
