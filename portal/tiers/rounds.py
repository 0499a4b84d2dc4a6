"""What one evaluation is: by which rules, of whom, and what its figures are called."""

from dataclasses import dataclass
from datetime import date

from portal.tiers.conditions import top_key
from portal.tiers.metrics import EVERYBODY, Batch
from portal.tiers.terms import Terms, tops


@dataclass(frozen=True)
class Round:
    """An evaluation: by which rules, as of which day, of whom.

    `opening`: it decides the period that has begun, so that those go up who wait for it. `live`:
    who is ahead is found out now instead of being read; for looking ahead without writing.
    """

    scheme_id: int
    version_id: int
    terms: Terms
    on: date
    batch: Batch = EVERYBODY
    opening: bool = False
    live: bool = False


def figure_keys(terms: Terms) -> list[str]:
    """Return the names of a member's figures: each metric's, and one for each tier of the best."""
    return [metric.key for metric in terms.metrics] + [top_key(tier.key) for tier in tops(terms)]


def column_of(figure: str) -> str:
    """Return the name of a figure's column: no key that somebody chooses is one of our own."""
    return f"figure:{figure}"
