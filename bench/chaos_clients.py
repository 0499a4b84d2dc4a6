"""The clients of bench.chaos_web: they send a write with one key until they have an answer."""

import io
import itertools
import json
import os
import random
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

CLIENTS = 4
PATIENCE = 120


@dataclass
class Wish:
    """One act: sent with the same key until there is an answer."""

    kind: str
    name: str
    path: str
    token: str
    body: bytes
    media: str = "application/json"
    key: str = field(default_factory=lambda: secrets.token_urlsafe(16))


@dataclass
class Ledger:
    """What the clients have wished, how often they sent it, and what they were answered."""

    wished: dict[str, list[str]] = field(default_factory=dict)
    answered: Counter[str] = field(default_factory=Counter)
    sent: Counter[str] = field(default_factory=Counter)
    replayed: Counter[str] = field(default_factory=Counter)
    lost_answers: Counter[str] = field(default_factory=Counter)
    refused: Counter[int] = field(default_factory=Counter)
    odd: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, counter: "Counter[Any]", kind: object) -> None:
        """Count one more, from any thread."""
        with self.lock:
            counter[kind] += 1


def wishes(prepared: dict[str, Any]) -> Iterator[Wish]:
    """Think of acts: one home claimed, one member registered, two people, and so on."""
    members, photo = prepared["members"], noise()
    desk = "/api/v1/p/chaos/staff/members"
    for number in itertools.count():
        member = members[number % len(members)]
        if number < len(members):
            name, edge = str(member["number"]), secrets.token_hex(8)
            home = {"project": "chaos", "building": "1", "number": name, "role": "owner"}
            parts = "".join(
                f'--{edge}\r\nContent-Disposition: form-data; name="{each}"\r\n\r\n{value}\r\n'
                for each, value in home.items()
            )
            shown = (
                f'--{edge}\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n'
            )
            shown += "Content-Type: image/jpeg\r\n\r\n"
            body = (parts + shown).encode() + photo + f"\r\n--{edge}--\r\n".encode()
            media = f"multipart/form-data; boundary={edge}"
            yield Wish("claim", name, "/api/v1/me/claims", member["token"], body, media)
        joining = {"phone": f"197{number:08d}", "name": f"r{number}", "adult": True}
        yield Wish("register", f"r{number}", desk, prepared["staff"], json.dumps(joining).encode())
        for part in "ab"[: 2 if number < len(members) * 6 else 0]:
            name = f"p{number}{part}"
            person = json.dumps({"name": name, "relation": "parent"}).encode()
            path = "/api/v1/me/household/persons"
            yield Wish("person", name, path, member["token"], person)


def noise(side: int = 500) -> bytes:
    """Return a photo that no compression makes small: some 250 KB."""
    from PIL import Image

    picture = Image.frombytes("RGB", (side, side), os.urandom(side * side * 3))
    picture.save(written := io.BytesIO(), "JPEG")
    return written.getvalue()


def insist(wish: Wish, bases: list[str], ledger: Ledger, deadline: float) -> None:
    """Send a wish to either server until it is answered."""
    while time.monotonic() < deadline:
        ledger.note(ledger.sent, wish.kind)
        status, headers, problem = ask(wish, random.choice(bases))
        if status in (200, 201):
            ledger.note(ledger.answered, wish.kind)
            if headers.get("Idempotency-Replayed"):
                ledger.note(ledger.replayed, wish.kind)
            return
        if problem.endswith("answer_lost"):
            ledger.note(ledger.answered, wish.kind)
            ledger.note(ledger.lost_answers, wish.kind)
            return
        if status not in (0, 502, 503) and not problem.endswith("still_running"):
            with ledger.lock:
                ledger.odd.append(f"{wish.kind} {wish.name}: {status} {problem}")
            return
        ledger.note(ledger.refused, status)
        time.sleep(random.uniform(0.05, 0.3))


def ask(wish: Wish, base: str) -> tuple[int, Any, str]:
    """Send a wish once; return status (0: nobody answered), headers, and the problem's type."""
    request = urllib.request.Request(  # noqa: S310 - our own address
        base + wish.path,
        wish.body,
        {
            "Authorization": f"Bearer {wish.token}",
            "Content-Type": wish.media,
            "Idempotency-Key": wish.key,
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            answer.read()
            return answer.status, answer.headers, ""
    except urllib.error.HTTPError as error:
        with error:
            text = error.read().decode("utf-8", "replace")
        try:
            return error.code, error.headers, json.loads(text).get("type", "")
        except ValueError:
            return error.code, error.headers, text[:200]
    except (OSError, ValueError):
        return 0, {}, ""
    except Exception as error:  # http.client's: half an answer is none
        return 0, {}, type(error).__name__


def drive(prepared: dict[str, Any], bases: list[str], ledger: Ledger) -> Callable[[], None]:
    """Let the clients wish; return what tells them to end and waits until all are answered."""
    source, lock, ended = wishes(prepared), threading.Lock(), threading.Event()

    def client() -> None:
        while not ended.is_set():
            with lock:
                wish = next(source)
                ledger.wished.setdefault(wish.kind, []).append(wish.name)
            insist(wish, bases, ledger, time.monotonic() + PATIENCE)

    threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()

    def wait() -> None:
        ended.set()
        for thread in threads:
            thread.join()

    return wait
