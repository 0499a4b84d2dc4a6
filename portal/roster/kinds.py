"""The kinds of lists that are imported alike: looked through, written by a job, taken back.

The roster is one; features above it add theirs by `register`.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from portal.i18n import Text
from portal.roster.mapping import Columns
from portal.roster.models import RosterImport
from portal.roster.progress import Progress
from portal.roster.rows import Fault, RowChecker
from portal.roster.sentences import FAULTS

ROSTER_KIND = "roster"


class Holdings(Protocol):
    """What a project holds already, against which rows are held."""

    def prepare(self, entries: Sequence[Any]) -> None:
        """Read at once what the next rows will be held against."""

    def judge(self, entry: Any, columns: dict[str, str], *, makes_homes: bool) -> Fault | str:
        """Return "new", "updated" or "unchanged", or the fault of a row that contradicts."""


@dataclass(frozen=True)
class Undone:
    """How much an undo took back, and how many rows stay because members rely on them."""

    entries: int
    units: int
    buildings: int
    kept: int


class MakeChecker(Protocol):
    """Makes the checks of one file."""

    def __call__(
        self,
        *,
        header: Sequence[str],
        mapping: Mapping[str, str],
        project_names: frozenset[str],
        today: date,
    ) -> RowChecker: ...


@dataclass(frozen=True)
class ImportKind:
    """A kind of list: its columns, its checks, how it is written and taken back.

    `audit`: the first part of its actions in the audit trail. `known(project_id)` is what the
    project holds. `write` adds entries that are new or change something, in the caller's
    transaction, and returns counts, "new" and "updated" among them. `kept_and_free(import_id)`
    counts what an undo would leave and take. `figures`: counts to show, in this order.
    """

    key: str
    title: Text
    audit: str
    columns: Columns
    checker: MakeChecker
    known: Callable[[int], Holdings]
    write: Callable[[Progress, Any, Sequence[Any]], Counter[str]]
    take_back: Callable[[RosterImport], Undone]
    kept_and_free: Callable[[int], tuple[int, int]]
    template: tuple[str, ...]
    figures: Mapping[str, Text]
    fault_titles: Mapping[str, Text]
    faults: Mapping[str, Text] = field(default_factory=dict)
    indexed: bool = False
    may_make_homes: bool = False
    decidable: Collection[str] = frozenset()


_KINDS: dict[str, ImportKind] = {}


def register(kind: ImportKind) -> None:
    """Add a kind of list, and the sentences of its faults."""
    _KINDS[kind.key] = kind
    FAULTS.update(kind.faults)


def kind_of(key: str) -> ImportKind:
    """Return a registered kind."""
    return _KINDS[key]
