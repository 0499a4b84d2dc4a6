"""The pages of signing in and of looking after one's sign-in."""

from flask import Blueprint

blueprint = Blueprint("accounts", "portal.accounts")
