"""Why a file is refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fault:
    """What is wrong at one place: the path, what stands there, and what may."""

    path: str
    value: Any
    text: str

    def __str__(self) -> str:
        shown = repr(self.value)
        shown = shown if len(shown) <= 80 else f"{shown[:77]}..."
        return f"{self.path or 'the file'}: {shown}: {self.text}"


class ClubFileError(Exception):
    """The file is refused as a whole; `faults` name every place."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = list(faults)
