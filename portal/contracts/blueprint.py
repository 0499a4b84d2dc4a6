"""The blueprints of contracts and of their imports, and how their money is written."""

from decimal import Decimal

from flask import Blueprint
from flask_babel import format_currency

blueprint = Blueprint("contracts", "portal.contracts")
imports = Blueprint("contract_imports", "portal.contracts")


def format_yuan(fen: int) -> str:
    """Write an amount of fen as yuan."""
    return format_currency(Decimal(fen) / 100, "CNY")


blueprint.add_app_template_filter(format_yuan, "yuan")
