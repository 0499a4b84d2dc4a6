"""One's own security, for programs: password, e-mail, phone, and proving that it is oneself."""

from typing import Any

from flask import g

from portal import clock, phones
from portal.access import signed_in, whole_token
from portal.accounts import service
from portal.accounts.code_api import (
    WAIT,
    CodeSent,
    asker,
    phone_of,
    place,
    send_code,
    slow_down,
    take_code,
)
from portal.accounts.codes import LINK_LIFE, CodeError
from portal.accounts.confirmation import CONFIRMED_FOR, recently_confirmed
from portal.accounts.current import current_account
from portal.accounts.forms import EmailForm, NewPasswordForm, PhoneForm
from portal.accounts.messages import Contact, tell_of_change
from portal.accounts.models import CodePurpose
from portal.accounts.password_rules import LONGEST
from portal.accounts.passwords import hash_password
from portal.accounts.places import network
from portal.accounts.proofs import NotProvedError, prove_own_password
from portal.accounts.queries import recovery_codes_left
from portal.accounts.security_views import mail_link
from portal.accounts.service import AccountExistsError
from portal.accounts.tries import SlowDownError
from portal.accounts.views import ENTRIES, code_sentence, wait_sentence
from portal.accounts.words import own_words
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Flag, Input, Moment, Output, Secret, Text, Whole
from portal.api.forms import checked, form_over
from portal.api.problems import Problem, conflict, invalid
from portal.extensions import db, limiter
from portal.i18n import gettext
from portal.idempotency.answers import without_key

blueprint = ApiBlueprint(
    "security_api", "portal.accounts", url_prefix="/api/v1/me", title="One's own security"
)
CONFIRM = {
    403: "The account's owner must be proved anew (type …:confirmation_needed): by "
    "POST /api/v1/me/confirm, good for 15 minutes. Signing in counts as proof, too."
}
_TAKEN = {409: "Another account has it already (type …:taken)."}


class SecurityShown(Output):
    """How one signs in."""

    phone = Text(40, allow_none=True, metadata={"description": "Masked."})
    email = Text(254, allow_none=True)
    has_password = Flag()
    second_step = Flag(metadata={"description": "Whether signing in takes an app's code, too."})
    recovery_codes_left = Whole(0, 100)
    confirmed_until = Moment(
        metadata={"description": "Until then what matters may be changed without a new proof."}
    )


class OwnerProof(Input):
    """That it is still the account's owner: the password, or a code to the account's phone."""

    ways = (("password",), ("request", "code"))

    password = Secret(LONGEST)
    request = Secret(80, metadata={"description": "From POST /api/v1/me/confirm/code."})
    code = Secret(20)


class Confirmed(Output):
    """Until when what matters may be changed."""

    confirmed_until = Moment()


class PasswordWish(Input):
    """The new password."""

    password = Secret(LONGEST, required=True)


class EmailWish(Input):
    """The new e-mail address."""

    email = Text(254, required=True)


class LinkSent(Output):
    """A link is on its way: the address counts once it is opened."""

    expires_in = Whole(0, 86_400, metadata={"description": "Seconds."})


class PhoneWish(Input):
    """The new mobile number."""

    phone = Text(40, required=True)


class PhoneProof(PhoneWish):
    """The new mobile number with the code that was sent to it."""

    request = Secret(80, required=True)
    code = Secret(20, required=True)


@blueprint.call("GET", "/security", SecurityShown)
@signed_in
def security() -> dict[str, Any]:
    """Show how one signs in."""
    account = current_account()
    sign_in = g.get("sign_in")
    if sign_in is None:
        raise Problem(403)
    on = account.totp_confirmed_at is not None
    return {
        "phone": phones.mask_phone(account.phone) if account.phone else None,
        "email": account.email,
        "has_password": account.password_hash is not None,
        "second_step": on,
        "recovery_codes_left": recovery_codes_left(account.id) if on else 0,
        "confirmed_until": sign_in.confirmed_at + CONFIRMED_FOR,
    }


@blueprint.call("POST", "/confirm/code", CodeSent, status=202, errors=WAIT)
@signed_in
@whole_token
@without_key
@limiter.limit(ENTRIES, key_func=network)
def confirm_code() -> dict[str, Any]:
    """Send a code to the account's own phone, to prove by it that it is oneself."""
    account = current_account()
    if account.phone is None:
        raise invalid(body=gettext("This account has no phone. Enter the password."))
    return send_code(CodePurpose.CONFIRM, account.phone, account)


@blueprint.call("POST", "/confirm", Confirmed, body=OwnerProof, errors=WAIT)
@signed_in
@whole_token
@without_key
@limiter.limit(ENTRIES, key_func=network)
def confirm(body: dict[str, str]) -> dict[str, Any]:
    """Prove that it is oneself, by the password or a code, before a change that matters."""
    account = current_account()
    if body.get("password"):
        try:
            prove_own_password(account, body["password"], place=place())
        except SlowDownError as error:
            raise slow_down("password", wait_sentence(error.wait), error.wait) from error
        except NotProvedError as error:
            raise invalid(password=gettext("This password is not right.")) from error
    elif account.phone and body.get("code") and body.get("request"):
        take_code(CodePurpose.CONFIRM, account.phone, body["request"], body["code"])
    else:
        raise invalid(code=gettext("Enter the code."))
    g.sign_in.confirmed_at = clock.now()
    db.session.commit()
    return {"confirmed_until": g.sign_in.confirmed_at + CONFIRMED_FOR}


@blueprint.call("PUT", "/security/password", body=PasswordWish, errors=CONFIRM)
@signed_in
@whole_token
@without_key
@recently_confirmed
def password(body: dict[str, str]) -> None:
    """Set or change the password; every other sign-in ends."""
    account = current_account()
    values = {"password": body["password"], "again": body["password"]}
    form = checked(form_over(NewPasswordForm, values, own_words=own_words(account)))
    db.session.commit()
    password_hash = hash_password(form.password.data or "")
    service.change_password(account=account, password_hash=password_hash, keep=g.sign_in)
    tell_of_change(account, "password")
    db.session.commit()


@blueprint.call(
    "POST", "/security/email", LinkSent, status=202, body=EmailWish, errors={**CONFIRM, **WAIT}
)
@signed_in
@whole_token
@recently_confirmed
def email(body: dict[str, str]) -> dict[str, Any]:
    """Mail a link to a new address; the address counts once the link is opened in a browser."""
    account = current_account()
    form = checked(form_over(EmailForm, body, email=account.email))
    try:
        mail_link(account, form.email.data or "", asker())
    except CodeError as error:
        db.session.rollback()
        raise slow_down("email", code_sentence(error), error.wait) from error
    db.session.commit()
    return {"expires_in": int(LINK_LIFE.total_seconds())}


@blueprint.call(
    "POST", "/security/phone", CodeSent, status=202, body=PhoneWish, errors={**CONFIRM, **WAIT}
)
@signed_in
@whole_token
@without_key
@recently_confirmed
def phone_code(body: dict[str, str]) -> dict[str, Any]:
    """Send a code to a new phone."""
    form = checked(form_over(PhoneForm, body))
    return send_code(CodePurpose.CHANGE_PHONE, form.phone.e164 or "", current_account())


@blueprint.call("PUT", "/security/phone", body=PhoneProof, errors={**CONFIRM, **_TAKEN})
@signed_in
@whole_token
@without_key
@recently_confirmed
def phone(body: dict[str, str]) -> None:
    """Take the code that was sent to the new phone, and sign in with that phone from now on."""
    account, wanted = current_account(), phone_of(body["phone"])
    before = Contact.of(account)
    take_code(CodePurpose.CHANGE_PHONE, wanted, body["request"], body["code"])
    try:
        service.change_phone(account=account, phone=wanted)
    except AccountExistsError as error:
        # The code is used up.
        db.session.commit()
        raise conflict("taken", gettext("This number already has an account.")) from error
    tell_of_change(account, "phone", before=before)
    db.session.commit()
