"""Asking for a code in this browser, and showing it again: codes joined to the session cookie."""

import secrets
from dataclasses import dataclass

from flask import session

from portal import clock
from portal.accounts import codes
from portal.accounts.codes import Asker, CodeError
from portal.accounts.messages import send_sms
from portal.accounts.models import Account, CodePurpose
from portal.accounts.places import device, place_of
from portal.extensions import db


@dataclass(frozen=True)
class CodeRequest:
    """The code that this browser asked for last, for one purpose."""

    phone: str
    token: str


def asker_for(account: Account | None) -> Asker:
    """Return how this request's codes are counted."""
    return Asker(place=place_of(account), known=device().knows(account))


def send_code(purpose: CodePurpose, phone: str, account: Account | None) -> None:
    """Make a code, to be sent to the phone (E.164) with the commit, which this does.

    Raises CodeError.
    """
    token = send_code_for(purpose, phone, account, asker_for(account))
    session[_key(purpose)] = [phone, token]


def send_code_for(purpose: CodePurpose, phone: str, account: Account | None, asker: Asker) -> str:
    """Make and send a code as `send_code` does; return the token that must come with it.

    Raises CodeError.
    """
    token = secrets.token_urlsafe(16)
    code = codes.issue_code(
        purpose=purpose, phone=phone, request_token=token, asker=asker, account=account
    )
    send_sms(phone, "code", not_after=clock.now() + codes.CODE_LIFE, code=code)
    db.session.commit()
    return token


def find_request(purpose: CodePurpose) -> CodeRequest | None:
    """Return what this browser asked for, or None."""
    kept = session.get(_key(purpose))
    return CodeRequest(*kept) if kept else None


def take_code(purpose: CodePurpose, phone: str, code: str) -> None:
    """Use up the code that this browser asked for; a wrong try is committed too.

    Raises CodeError. After a right code the caller commits.
    """
    request = find_request(purpose)
    if request is None or request.phone != phone:
        raise CodeError("expired")
    try:
        codes.redeem_code(purpose=purpose, phone=phone, request_token=request.token, code=code)
    except CodeError:
        db.session.commit()
        raise
    session.pop(_key(purpose), None)


def _key(purpose: CodePurpose) -> str:
    return f"code.{purpose}"
