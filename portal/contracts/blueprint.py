"""The blueprints of contracts and of their imports, and how their money is written."""

from decimal import Decimal

from flask import Blueprint
from flask_babel import format_decimal

blueprint = Blueprint("contracts", "portal.contracts")
imports = Blueprint("contract_imports", "portal.contracts")


def format_yuan(fen: int) -> str:
    """Write an amount of fen as yuan."""
    return f"¥{format_decimal(Decimal(fen) / 100, '#,##0.00')}"


blueprint.add_app_template_filter(format_yuan, "yuan")
