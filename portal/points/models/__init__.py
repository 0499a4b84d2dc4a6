"""The tables of points."""

from portal.points.models.books import Seal, SealedMonth, SealedTransaction, Statement
from portal.points.models.currencies import Balance, Budget, Currency, PointsAccount
from portal.points.models.lots import Hold, Lot, Reversed
from portal.points.models.postings import Entry, Note, Transaction
from portal.points.models.proposals import Proposal

__all__ = [
    "Balance",
    "Budget",
    "Currency",
    "Entry",
    "Hold",
    "Lot",
    "Note",
    "PointsAccount",
    "Proposal",
    "Reversed",
    "Seal",
    "SealedMonth",
    "SealedTransaction",
    "Statement",
    "Transaction",
]
