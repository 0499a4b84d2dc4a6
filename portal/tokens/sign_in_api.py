"""Signing a program in: with a code or a password, with the second step where there is one."""

from typing import Any

from marshmallow import validate

from portal.access import OWN_SCOPES, any_token, public, signed_in
from portal.accounts import code_api
from portal.accounts.code_api import WAIT, CodeSent, phone_of, place, slow_down, take_code
from portal.accounts.current import current_account
from portal.accounts.flow import SECOND_STEP_LIFE, may_enter
from portal.accounts.forms import plain_code
from portal.accounts.models import Account, CodePurpose, SignInMethod
from portal.accounts.password_rules import LONGEST as LONGEST_PASSWORD
from portal.accounts.places import network
from portal.accounts.proofs import NotProvedError, prove_password, prove_second_step
from portal.accounts.queries import find_account, find_account_by_phone
from portal.accounts.service import end_sign_in
from portal.accounts.tries import SlowDownError
from portal.accounts.views import ENTRIES, wait_sentence
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Input, Known, Secret, Text, list_of
from portal.api.problems import Problem, invalid
from portal.extensions import db, limiter
from portal.i18n import gettext
from portal.idempotency.answers import without_key
from portal.permissions.roles import PERMISSIONS
from portal.tokens.current import current_token
from portal.tokens.sign_in import JOIN, JOIN_LIFE, SECOND_STEP, Issued, issue
from portal.tokens.tickets import LONGEST, TicketError, seal, unseal

blueprint = ApiBlueprint(
    "sign_in_api", "portal.tokens", url_prefix="/api/v1/sign-in", title="Signing in"
)
MOST_SCOPES = 40


class CodeWish(Input):
    """Whose phone a code is sent to."""

    phone = Text(40, required=True)


class SignInWish(Input):
    """One of three: phone, request and code; identity and password; or, when the answer to one of
    these was 401 …:second_factor_required, the ticket of that answer and second_factor."""

    ways = (("phone", "request", "code"), ("identity", "password"), ("ticket", "second_factor"))

    phone = Text(40)
    request = Secret(80)
    code = Secret(20)
    identity = Text(254, metadata={"description": "Mobile number or e-mail address."})
    password = Secret(LONGEST_PASSWORD)
    ticket = Secret(LONGEST, metadata={"description": "From the answer that asked for the step."})
    second_factor = Secret(20, metadata={"description": "The app's code or a recovery code."})
    scopes = list_of(
        Text(60, known=Known(lambda: [*OWN_SCOPES, *PERMISSIONS])),
        validate=validate.Length(max=MOST_SCOPES),
        metadata={
            "description": "All that the token may do: me:read, me:write, or permission keys. "
            "Without it the token may do all that the account may. With `ticket`, those of the "
            "first step count."
        },
    )


@blueprint.call("POST", "/code", CodeSent, status=202, body=CodeWish, errors=WAIT)
@public
@without_key
@limiter.limit(ENTRIES, key_func=network)
def send_code(body: dict[str, str]) -> dict[str, Any]:
    """Send a code to a phone. Whether the phone has an account stays untold."""
    phone = phone_of(body["phone"])
    return code_api.send_code(CodePurpose.SIGN_IN, phone, find_account_by_phone(phone))


@blueprint.call(
    "POST",
    "",
    Issued,
    status=201,
    body=SignInWish,
    errors={
        **WAIT,
        401: "A second step is needed (type …:second_factor_required): send `ticket` from this "
        "answer with `second_factor`.",
        409: "The phone has no account (type …:not_joined): join with `ticket` from this answer.",
    },
)
@public
@without_key
@limiter.limit(ENTRIES, key_func=network)
def sign_in(body: dict[str, Any]) -> dict[str, Any]:
    """Sign in and get a member's token."""
    if set(body.get("scopes", ())) - {*OWN_SCOPES, *PERMISSIONS}:
        raise invalid(scopes=gettext("There is no such scope."))
    if body.get("ticket"):
        return _second_step(body)
    if body.get("password"):
        return _with_password(body)
    return _with_code(body)


@blueprint.call("DELETE", "", errors={403: "A service's token does not sign out."})
@signed_in
@any_token
def sign_out() -> None:
    """End the sign-in of this token: it is of no more use."""
    token = current_token()
    if token.sign_in is None:
        raise Problem(403)
    end_sign_in(actor=current_account(), sign_in=token.sign_in)
    db.session.commit()


def _with_code(body: dict[str, Any]) -> dict[str, Any]:
    phone = phone_of(body.get("phone", ""))
    if not (body.get("code") and body.get("request")):
        raise invalid(code=gettext("Enter the code."))
    take_code(CodePurpose.SIGN_IN, phone, body["request"], body["code"])
    account = find_account_by_phone(phone)
    db.session.commit()
    if account is None:
        raise Problem(
            409,
            "not_joined",
            title=gettext("Not a member yet"),
            detail=gettext("This number has no account yet. Join with the ticket."),
            extra={
                "ticket": seal(JOIN, phone=phone),
                "expires_in": int(JOIN_LIFE.total_seconds()),
            },
        )
    if not may_enter(account):
        raise invalid(phone=gettext("This account is closed. Please contact us."))
    return _enter(account, SignInMethod.CODE, body)


def _with_password(body: dict[str, Any]) -> dict[str, Any]:
    if not body.get("identity"):
        raise invalid(identity=gettext("Enter your mobile number or e-mail address."))
    try:
        account = prove_password(
            body["identity"], body["password"], place_of=lambda account: place()
        )
    except SlowDownError as error:
        raise slow_down("password", wait_sentence(error.wait), error.wait) from error
    except NotProvedError as error:
        sentence = gettext("Number, e-mail address or password is not right.")
        raise invalid(password=sentence) from error
    return _enter(account, SignInMethod.PASSWORD, body)


def _second_step(body: dict[str, Any]) -> dict[str, Any]:
    try:
        facts = unseal(SECOND_STEP, body["ticket"], life=SECOND_STEP_LIFE)
    except TicketError as error:
        raise invalid(ticket=gettext("This ticket is no longer valid. Sign in anew.")) from error
    account = find_account(facts["account"])
    if account is None or not may_enter(account):
        raise invalid(ticket=gettext("This ticket is no longer valid. Sign in anew."))
    try:
        prove_second_step(account, plain_code(body.get("second_factor", "")), place="anywhere")
    except SlowDownError as error:
        raise slow_down("second_factor", wait_sentence(error.wait), error.wait) from error
    except NotProvedError as error:
        sentence = gettext("This code is not right, or was used already.")
        raise invalid(second_factor=sentence) from error
    scopes = facts["scopes"].split()
    return issue(account, SignInMethod(facts["method"]), second_factor=True, scopes=scopes)


def _enter(account: Account, method: SignInMethod, body: dict[str, Any]) -> dict[str, Any]:
    scopes = sorted(set(body.get("scopes", ())))
    if account.totp_confirmed_at is None:
        return issue(account, method, scopes=scopes)
    db.session.commit()
    raise Problem(
        401,
        "second_factor_required",
        title=gettext("A second step is needed"),
        detail=gettext("Send this answer's ticket with the code of the authenticator app."),
        extra={
            "ticket": seal(
                SECOND_STEP,
                account=account.public_id,
                method=str(method),
                scopes=" ".join(scopes),
            )
        },
    )
