"""Codes to phones, for programs: how one is asked for, sent and held back."""

from datetime import timedelta
from typing import Any

from portal.accounts import codes
from portal.accounts.code_requests import send_code_for
from portal.accounts.codes import CODE_LIFE, RESEND_AFTER, Asker, CodeError
from portal.accounts.forms import plain_code
from portal.accounts.models import Account, CodePurpose
from portal.accounts.places import network
from portal.accounts.views import code_sentence
from portal.api.fields import Output, Text, Whole
from portal.api.problems import Problem, invalid
from portal.extensions import db
from portal.i18n import Text as Words
from portal.i18n import gettext
from portal.phones import PhoneError, normalize_phone

WAIT = {429: "Too many codes or wrong tries; `Retry-After` says how long to wait."}


class CodeSent(Output):
    """A code is on its way."""

    request = Text(80, metadata={"description": "Send it along with the code."})
    expires_in = Whole(0, 3600, metadata={"description": "Seconds."})
    resend_after = Whole(0, 3600, metadata={"description": "Seconds."})


def place() -> str:
    """Return what a program's tries are counted by: it has no cookie that names a device."""
    return f"network:{network()}"


def asker() -> Asker:
    """Return how the codes are counted that a program asks for."""
    return Asker(place=place(), known=False)


def phone_of(typed: str) -> str:
    """Return a phone as E.164. Raises the 422 that says it is none."""
    try:
        return normalize_phone(typed)
    except PhoneError as error:
        raise invalid(phone=gettext("This is not a mobile number.")) from error


def send_code(purpose: CodePurpose, phone: str, account: Account | None) -> dict[str, Any]:
    """Send a code, commit, and return what tells it so. Raises the 429 that says how long to
    wait."""
    try:
        token = send_code_for(purpose, phone, account, asker())
    except CodeError as error:
        raise slow_down("phone", code_sentence(error), error.wait) from error
    return {
        "request": token,
        "expires_in": int(CODE_LIFE.total_seconds()),
        "resend_after": int(RESEND_AFTER.total_seconds()),
    }


def take_code(purpose: CodePurpose, phone: str, request: str, code: str) -> None:
    """Use up a code; a wrong try is committed. Raises the 422 that says what is wrong with it."""
    try:
        codes.redeem_code(
            purpose=purpose, phone=phone, request_token=request, code=plain_code(code)
        )
    except CodeError as error:
        db.session.commit()
        raise invalid(code=code_sentence(error)) from error


def slow_down(field: str, sentence: Words, wait: timedelta) -> Problem:
    """Return the 429 that says how long to wait."""
    seconds = str(max(1, round(wait.total_seconds())))
    return Problem(429, errors={field: [sentence]}, headers={"Retry-After": seconds})
