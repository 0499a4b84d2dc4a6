"""Passwords that leaked elsewhere: looked up in a sorted file of hashes, offline.

The file is what the downloader of Have I Been Pwned writes: a line for each password, upper-case
SHA-1 in hex, then ":" and a count, sorted. SHA-1 is the file's format and protects nothing here.
"""

import hashlib
import mmap
from pathlib import Path

_HEX = 40


def has_leaked(password: str, file: Path) -> bool:
    """Tell whether the file has the password; some forty reads in a file of 40 GB."""
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as lines:
        low, high = 0, len(lines)
        while low < high:
            start = lines.rfind(b"\n", low, (low + high) // 2) + 1 or low
            found = lines[start : start + _HEX]
            if found == wanted:
                return True
            if found < wanted:
                end = lines.find(b"\n", start)
                low = len(lines) if end < 0 else end + 1
            else:
                high = start
    return False


def is_list_of_hashes(file: Path) -> bool:
    """Tell whether the file begins as such a list."""
    try:
        with file.open("rb") as opened:
            line = opened.readline(_HEX + 2)
            return len(bytes.fromhex(line[:_HEX].decode("ascii"))) == _HEX // 2
    except (OSError, ValueError):
        return False
