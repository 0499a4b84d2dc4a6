"""The owner's passkeys: adding, taking off, signing in with one."""

from functools import partial

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import public, signed_in
from portal.accounts import passkeys as keys
from portal.accounts.blueprint import blueprint
from portal.accounts.confirmation import recently_confirmed
from portal.accounts.current import current_account
from portal.accounts.flow import go_on, may_enter
from portal.accounts.forms import NewPasskeyForm, PasskeyForm
from portal.accounts.messages import tell_of_change
from portal.accounts.models import SignInMethod
from portal.accounts.passkeys import PasskeyError
from portal.accounts.places import network
from portal.accounts.session import start_session
from portal.accounts.views import ENTRIES
from portal.extensions import db, limiter
from portal.i18n import gettext

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response


@blueprint.route("/me/security/passkeys", methods=["GET", "POST"])
@signed_in
@recently_confirmed
def passkeys() -> Page:
    """Show one's passkeys, and take a new one."""
    _require_offered()
    account, form = current_account(), NewPasskeyForm()
    if not form.validate_on_submit():
        return _show(form, 422 if form.errors else 200)
    try:
        keys.add(account=account, credential=form.credential.data or "", name=form.name.data or "")
    except PasskeyError as error:
        db.session.rollback()
        form.name.errors = [_sentence(error)]
        return _show(form, 422)
    tell_of_change(account, "passkey")
    db.session.commit()
    flash(gettext("From now on you can sign in with this passkey."))
    return redirect(url_for("accounts.passkeys"), 303)


@blueprint.route("/me/security/passkeys/<public_id>/remove", methods=["GET", "POST"])
@signed_in
@recently_confirmed
def passkey_remove(public_id: str) -> Page:
    """Ask, then take one of one's passkeys off."""
    account = current_account()
    found = keys.find_passkey(account, public_id)
    if found is None:
        raise NotFound
    if request.method == "GET":
        return render_template("accounts/passkey_remove.html", passkey=found)
    keys.remove(actor=account, passkey=found)
    tell_of_change(account, "passkey")
    db.session.commit()
    flash(gettext("The passkey is taken off. You may delete it on your device, too."))
    return redirect(url_for("accounts.passkeys"), 303)


@blueprint.post("/login/passkey")
@public
@limiter.limit(ENTRIES, key_func=network)
def sign_in_with_passkey() -> Page:
    """Sign in with a passkey, which is both steps at once."""
    _require_offered()
    form = PasskeyForm()
    refused = gettext("This passkey cannot be used here. Try again, or sign in another way.")
    try:
        account = keys.prove(form.credential.data or "") if form.validate() else None
    except PasskeyError:
        db.session.rollback()
        account = None
    if account is None or not may_enter(account):
        flash(refused)
        return redirect(url_for("accounts.sign_in", next=form.next.data or None), 303)
    start_session(account, SignInMethod.PASSKEY, second_factor=True)
    db.session.commit()
    return go_on(account, form.next.data)


def _require_offered() -> None:
    if not keys.are_offered():
        raise NotFound


def _show(form: NewPasskeyForm, status: int) -> tuple[str, int]:
    account = current_account()
    body = render_template(
        "accounts/passkeys.html",
        form=form,
        passkeys=keys.passkeys_of(account),
        options_for=partial(keys.options_to_add, account),
    )
    return body, status


def _sentence(error: PasskeyError) -> str:
    return {
        "too_many": gettext("You have twenty passkeys already. Take one off first."),
        "known": gettext("This device has a passkey here already."),
    }.get(str(error), gettext("The device's answer could not be taken. Please try again."))
