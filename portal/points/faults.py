"""What is wrong with a ledger, and where."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """An account at which a rule does not hold (0: none), and the figures that say so."""

    rule: str
    account_id: int
    text: str
