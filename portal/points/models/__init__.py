"""The tables of points."""

from portal.points.models.books import Seal, SealedMonth, SealedTransaction, Statement
from portal.points.models.currencies import Balance, Budget, Currency, PointsAccount, Policy
from portal.points.models.lots import Hold, Lot, Reversed
from portal.points.models.postings import Entry, Note, Transaction
from portal.points.models.proposals import Proposal
from portal.points.models.reports import Move, Proof, ProofFault

__all__ = [
    "Balance",
    "Budget",
    "Currency",
    "Entry",
    "Hold",
    "Lot",
    "Move",
    "Note",
    "PointsAccount",
    "Policy",
    "Proof",
    "ProofFault",
    "Proposal",
    "Reversed",
    "Seal",
    "SealedMonth",
    "SealedTransaction",
    "Statement",
    "Transaction",
]
