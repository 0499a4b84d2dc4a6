"""Setting up, renewing and taking off the second step."""

from flask import flash, g, redirect, render_template, url_for
from werkzeug.wrappers import Response

from portal import phones
from portal.access import signed_in
from portal.accounts import second_factor, service
from portal.accounts.blueprint import blueprint
from portal.accounts.confirmation import recently_confirmed
from portal.accounts.current import current_account
from portal.accounts.forms import CodeForm
from portal.accounts.messages import tell_of_change
from portal.accounts.models import Account
from portal.accounts.queries import recovery_codes_left
from portal.accounts.second_factor import SecondFactorError, SetUp
from portal.extensions import db
from portal.i18n import gettext

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response


@blueprint.get("/me/security/second-step")
@signed_in
@recently_confirmed
def totp() -> Page:
    """Show the second step: off, being set up, or on."""
    return _show(current_account(), CodeForm())


@blueprint.post("/me/security/second-step/begin")
@signed_in
@recently_confirmed
def totp_begin() -> Page:
    """Make a new secret, shown as a QR picture on the next page."""
    try:
        second_factor.begin_set_up(account=current_account())
    except SecondFactorError:
        return redirect(url_for("accounts.totp"), 303)
    db.session.commit()
    return redirect(url_for("accounts.totp"), 303)


@blueprint.post("/me/security/second-step/confirm")
@signed_in
@recently_confirmed
def totp_confirm() -> Page:
    """Put the second step in force with the app's first code, and show the recovery codes.

    Sessions that were opened without it end.
    """
    account = current_account()
    form = CodeForm()
    if not form.validate():
        return _show(account, form, 422)
    try:
        recovery_codes = second_factor.confirm_set_up(account=account, code=form.code.data or "")
    except SecondFactorError as error:
        db.session.rollback()
        if error.args != ("wrong",):
            return redirect(url_for("accounts.totp"), 303)
        form.code.errors = [gettext("This code is not right. Check the time of your phone.")]
        return _show(account, form, 422)
    service.end_other_sign_ins(account=account, keep=g.sign_in)
    g.sign_in.second_factor = True
    tell_of_change(account, "second_step")
    db.session.commit()
    return render_template("accounts/recovery_codes.html", codes=recovery_codes)


@blueprint.post("/me/security/second-step/recovery-codes")
@signed_in
@recently_confirmed
def totp_recovery() -> Page:
    """Replace the recovery codes and show the new ones, once."""
    account = current_account()
    if account.totp_confirmed_at is None:
        return redirect(url_for("accounts.totp"), 303)
    recovery_codes = second_factor.renew_recovery_codes(account=account)
    db.session.commit()
    return render_template("accounts/recovery_codes.html", codes=recovery_codes)


@blueprint.post("/me/security/second-step/remove")
@signed_in
@recently_confirmed
def totp_remove() -> Page:
    """Take the second step off."""
    account = current_account()
    second_factor.remove(actor=account, account=account)
    tell_of_change(account, "second_step")
    db.session.commit()
    flash(gettext("Two-step sign-in is off."))
    return redirect(url_for("accounts.security"), 303)


def _show(account: Account, form: CodeForm, status: int = 200) -> tuple[str, int]:
    confirmed = account.totp_confirmed_at is not None
    body = render_template(
        "accounts/totp.html",
        form=form,
        confirmed=confirmed,
        codes_left=recovery_codes_left(account.id) if confirmed else 0,
        set_up=set_up_of(account) if account.totp_secret and not confirmed else None,
    )
    return body, status


def set_up_of(account: Account) -> SetUp:
    """Return what an app needs for the secret that the account has been given."""
    name = account.email or (phones.mask_phone(account.phone) if account.phone else "")
    return SetUp(secret=account.totp_secret or "", account_name=name)
