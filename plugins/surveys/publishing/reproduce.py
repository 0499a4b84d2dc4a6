"""Recompute the published figures of a survey from its sealed answers, and check every hash.

Needs Python 3.11 or later and nothing else; run `python -I reproduce.py` where the archive was
unpacked. Exit code: 0 where everything agrees, 1 where not, with what differs.
"""

import hashlib
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Check the archive; return the exit code."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(HERE))
    from plugins.surveys.publishing.checking import differences

    def read(name: str) -> bytes:
        return (HERE / name).read_bytes()

    hashes = json.loads(read("publication.json"))
    found = [
        f"{name}: another file than was given out"
        for name, known in hashes["files"].items()
        if hashlib.sha256(read(name)).hexdigest() != known
    ]
    found += differences(
        json.loads(read("sealed.json")),
        json.loads(read("words.json")),
        hashes,
        read("figures.json"),
    )
    for line in found:
        sys.stdout.write(f"DIFFERS  {line}\n")
    if not found:
        sys.stdout.write(
            f"OK  figures {hashes['figures_hash']}\n    seal    {hashes['seal_hash']}\n"
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
