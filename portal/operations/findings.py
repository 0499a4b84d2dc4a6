"""What a check of `portal doctor` tells."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a check went: a failure keeps the portal from serving, a warning does not."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's: what was looked at, what was found, what to do."""

    state: State
    subject: str
    found: str
    remedy: str = ""
