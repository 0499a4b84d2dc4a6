"""`portal import contracts | payments | fees`, beside the roster's."""

from portal.contracts.lists import KINDS
from portal.roster.cli import add_command, commands

__all__ = ["commands"]

for kind in KINDS:
    add_command(kind)
