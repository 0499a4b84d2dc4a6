"""The ledger in a few lines of memory: what every balance must be, whatever is posted."""

from dataclasses import dataclass, field
from datetime import date


class NotEnoughError(Exception):
    """The wallet refuses what the ledger must refuse."""


@dataclass
class Lot:
    """Points of one earning."""

    expires: date
    begins: date
    free: int
    held: int = 0
    dead: int = 0
    pending: bool = False


@dataclass
class Wallet:
    """One member's points: lots in the order in which they came, and what is owed."""

    day: date
    lots: list[Lot] = field(default_factory=list)
    owed: int = 0

    def pass_to(self, day: date) -> None:
        """Let days go by: points begin, and die."""
        self.day = day
        for lot in sorted(self.lots, key=lambda lot: lot.begins):
            if lot.pending and lot.begins <= day:
                lot.pending = False
        self._bury()
        self._pay()

    def _bury(self) -> None:
        for lot in self.lots:
            if not lot.pending and lot.expires < self.day:
                lot.free, lot.dead = 0, lot.dead + lot.free

    def _pay(self) -> None:
        paid = min(self.owed, self.available)
        self.take(paid)
        self.owed -= paid

    @property
    def available(self) -> int:
        """Return what can be spent."""
        return sum(lot.free for lot in self.lots if not lot.pending)

    @property
    def figures(self) -> tuple[int, int, int, int]:
        """Return available, pending, held and owed."""
        pending = sum(lot.free for lot in self.lots if lot.pending)
        return self.available, pending, sum(lot.held for lot in self.lots), self.owed

    def earn(self, amount: int, expires: date, begins: date | None = None) -> Lot:
        """Add a lot; what is owed is paid."""
        begins = begins or self.day
        lot = Lot(expires, begins, amount, pending=begins > self.day)
        self.lots.append(lot)
        if not lot.pending:
            self._pay()
        return lot

    def take(self, amount: int) -> list[tuple[Lot, int]]:
        """Use points, those that die first first; return from which lots."""
        if amount > self.available:
            raise NotEnoughError
        taken = []
        for lot in sorted(self.lots, key=lambda lot: lot.expires):
            part = min(amount, lot.free) if not lot.pending else 0
            if part:
                lot.free -= part
                amount -= part
                taken.append((lot, part))
        return taken

    def hold(self, amount: int) -> list[tuple[Lot, int]]:
        """Set points aside."""
        taken = self.take(amount)
        for lot, part in taken:
            lot.held += part
        return taken

    def end_hold(self, taken: list[tuple[Lot, int]], captured: int) -> list[tuple[Lot, int]]:
        """Use the first `captured` of what is held and give the rest back; return what was used."""
        used = []
        for lot, amount in taken:
            part = min(amount, captured)
            captured -= part
            lot.held -= amount
            lot.free += amount - part
            if part:
                used.append((lot, part))
        self._bury()
        self._pay()
        return used

    def restore(self, used: list[tuple[Lot, int]], amount: int) -> list[tuple[Lot, int]]:
        """Give points of a spending back, the last used first; return what is left of it."""
        left = []
        for lot, taken in reversed(used):
            part = min(taken, amount)
            amount -= part
            lot.free += part
            left.append((lot, taken - part))
        self._bury()
        self._pay()
        return left[::-1]

    def claw_back(self, lot: Lot, amount: int) -> None:
        """Take an earning back: from its lot, from what of it has died, from others, or as owed."""
        part = min(lot.free, amount)
        lot.free -= part
        amount -= part
        part = min(lot.dead, amount)
        lot.dead -= part
        amount -= part
        part = min(self.available, amount)
        self.take(part)
        self.owed += amount - part
