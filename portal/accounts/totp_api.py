"""The second step of signing in, for programs: set up, renewed, taken off."""

from typing import Any
from urllib.parse import urlsplit

from flask import g

from portal.access import signed_in, whole_token
from portal.accounts import second_factor, service
from portal.accounts.confirmation import recently_confirmed
from portal.accounts.current import current_account
from portal.accounts.flow import our_address
from portal.accounts.forms import CodeForm
from portal.accounts.messages import tell_of_change
from portal.accounts.second_factor import SecondFactorError
from portal.accounts.security_api import CONFIRM
from portal.accounts.totp_views import set_up_of
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Input, Output, Secret, Text, list_of
from portal.api.forms import checked, form_over
from portal.api.problems import Problem, conflict, invalid
from portal.extensions import db
from portal.i18n import gettext
from portal.idempotency.answers import without_key

blueprint = ApiBlueprint(
    "second_step_api",
    "portal.accounts",
    url_prefix="/api/v1/me/security/second-step",
    title="The second step of signing in",
)
_STATE = {409: "It is not begun, or on already (type …:not_started, …:confirmed)."}


class SetUpShown(Output):
    """What an authenticator app needs, shown this once."""

    secret = Text(64, metadata={"description": "Base32, as RFC 6238 apps take it."})
    uri = Text(400, metadata={"description": "otpauth://…, to be shown as a QR code."})


class AppCode(Input):
    """The app's first code."""

    code = Secret(20, required=True)


class RecoveryCodes(Output):
    """Each signs in once in place of the app; shown this once."""

    codes = list_of(Text(20))


@blueprint.call("POST", "", SetUpShown, status=201, errors={**CONFIRM, **_STATE})
@signed_in
@whole_token
@without_key
@recently_confirmed
def begin() -> dict[str, Any]:
    """Make a new secret; it counts once the app's first code is confirmed."""
    account = current_account()
    try:
        second_factor.begin_set_up(account=account)
    except SecondFactorError as error:
        raise _moved(error) from error
    db.session.commit()
    found = set_up_of(account)
    return {"secret": found.secret, "uri": found.uri(urlsplit(our_address("")).netloc)}


@blueprint.call("POST", "/confirm", RecoveryCodes, body=AppCode, errors={**CONFIRM, **_STATE})
@signed_in
@whole_token
@without_key
@recently_confirmed
def confirm(body: dict[str, str]) -> dict[str, Any]:
    """Put the second step in force; sign-ins that were opened without it end."""
    account = current_account()
    form = checked(form_over(CodeForm, body))
    try:
        codes = second_factor.confirm_set_up(account=account, code=form.code.data or "")
    except SecondFactorError as error:
        db.session.rollback()
        raise _moved(error) from error
    service.end_other_sign_ins(account=account, keep=g.sign_in)
    g.sign_in.second_factor = True
    tell_of_change(account, "second_step")
    db.session.commit()
    return {"codes": codes}


@blueprint.call("POST", "/recovery-codes", RecoveryCodes, errors={**CONFIRM, **_STATE})
@signed_in
@whole_token
@without_key
@recently_confirmed
def renew() -> dict[str, Any]:
    """Replace the recovery codes."""
    account = current_account()
    if account.totp_confirmed_at is None:
        raise _moved(SecondFactorError("not_started"))
    codes = second_factor.renew_recovery_codes(account=account)
    db.session.commit()
    return {"codes": codes}


@blueprint.call("DELETE", "", errors=CONFIRM)
@signed_in
@whole_token
@recently_confirmed
def remove() -> None:
    """Take the second step off."""
    account = current_account()
    second_factor.remove(actor=account, account=account)
    tell_of_change(account, "second_step")
    db.session.commit()


def _moved(error: SecondFactorError) -> Problem:
    code = error.args[0]
    if code == "wrong":
        return invalid(code=gettext("This code is not right. Check the time of your phone."))
    sentences = {
        "not_started": gettext("Two-step sign-in is not set up."),
        "confirmed": gettext("Two-step sign-in is on already."),
    }
    return conflict(code, sentences[code])
