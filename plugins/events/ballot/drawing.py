"""The draw: a pure function of the frozen entries and the seed, which anybody can repeat.

Nothing but Python's own library is used here. `python -m plugins.events.ballot.drawing FILE`
reads the file that the page of a draw offers, computes everything again and compares.

1. The entries and the free seats are written as JSON (keys in order, no spaces, entries by id);
   SHA-256 of it is the hash that is published when they are frozen.
2. seed = SHA-256 of "secret:number:hash". The SHA-256 of the secret is published before anybody
   enters; the number is drawn in public after the freeze, where the activity names one.
3. An entry has as many lots as its weight: SHA-256 of "seed:id:n" for n = 0, 1, ...; its smallest
   one counts. Entries stand in the order of these.
4. In this order each party gets its seats when it fits into every quota, else none of them.
"""

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Lots:
    """An entry: how many persons, how many lots it has, how many seats it needs of each quota."""

    id: str
    seats: int
    lots: int
    needs: Mapping[str, int]


def digest_of(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal."""
    return sha256(text.encode()).hexdigest()


def frozen_text(entries: Iterable[Lots], room: Mapping[str, int | None]) -> str:
    """Return entries and free seats (None: without a limit) as the text that is hashed."""
    listed = [
        {"id": each.id, "lots": each.lots, "needs": dict(each.needs), "seats": each.seats}
        for each in sorted(entries, key=lambda each: each.id)
    ]
    whole = {"entries": listed, "room": dict(room)}
    return json.dumps(whole, sort_keys=True, separators=(",", ":"))


def read_frozen(text: str) -> tuple[list[Lots], dict[str, int | None]]:
    """Return the entries and the free seats of a frozen text."""
    whole = json.loads(text)
    return [Lots(**each) for each in whole["entries"]], whole["room"]


def seed_of(secret: str, number: str, digest: str) -> str:
    """Return the seed of a draw."""
    return digest_of(f"{secret}:{number}:{digest}")


def order_of(entries: Iterable[Lots], seed: str) -> list[Lots]:
    """Return the entries in the order of their smallest lots."""

    def smallest(each: Lots) -> tuple[str, str]:
        return min(digest_of(f"{seed}:{each.id}:{n}") for n in range(each.lots)), each.id

    return sorted(entries, key=smallest)


def draw(
    entries: Iterable[Lots], seed: str, room: Mapping[str, int | None]
) -> list[tuple[str, bool]]:
    """Return (id, whether it got its seats) in the drawn order. `room`: free seats by quota, None
    without a limit; a quota that is not there has none."""
    left = dict(room)
    drawn = []
    for each in order_of(entries, seed):
        needs = {key: many for key, many in each.needs.items() if left.get(key, 0) is not None}
        won = all(many <= (left.get(key) or 0) for key, many in needs.items())
        if won:
            for key, many in needs.items():
                left[key] = (left.get(key) or 0) - many
        drawn.append((each.id, won))
    return drawn


def differences(told: Mapping[str, Any]) -> list[str]:
    """Return what of a draw's file does not come out again: "secret", "entries", "outcome"."""
    text, digest = told["frozen"], told["entries_hash"]
    entries, _frozen_room = read_frozen(text)
    seed = seed_of(told["secret"], told["number"], digest)
    again = [list(each) for each in draw(entries, seed, told["room"])]
    checks = {
        "secret": digest_of(told["secret"]) == told["secret_hash"],
        "entries": digest_of(text) == digest,
        "outcome": again == [list(each) for each in told["outcome"]],
    }
    return [name for name, fine in checks.items() if not fine]


def main(arguments: list[str]) -> int:
    """Compare a draw's file with what comes out; return the exit status: 0 when it is the same."""
    if len(arguments) != 1:
        sys.stderr.write("Usage: python -m plugins.events.ballot.drawing FILE\n")
        return 2
    told = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    wrong = differences(told)
    won = sum(bool(each[1]) for each in told["outcome"])
    sys.stdout.write(f"entries {len(told['outcome'])}, drawn {won}, seed ")
    sys.stdout.write(f"{seed_of(told['secret'], told['number'], told['entries_hash'])}\n")
    sys.stdout.write(f"DIFFERENT: {', '.join(wrong)}\n" if wrong else "the same\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
