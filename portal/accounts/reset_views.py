"""A forgotten password: a link by mail or a code to the phone, then a new password."""

from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from portal import clock, phones
from portal.access import public
from portal.accounts import codes, service
from portal.accounts.blueprint import blueprint
from portal.accounts.code_requests import asker_for, find_request, send_code, take_code
from portal.accounts.codes import CodeError
from portal.accounts.flow import complete_first_step, may_enter, our_address
from portal.accounts.forms import CodeForm, ForgotForm, NewPasswordForm
from portal.accounts.messages import send_mail, tell_of_change
from portal.accounts.models import Account, CodePurpose, SignInMethod
from portal.accounts.passwords import hash_password
from portal.accounts.places import network
from portal.accounts.queries import find_account_by_email, find_account_by_phone
from portal.accounts.service import EmailError, normalize_email
from portal.accounts.verified import remember_verified_phone
from portal.accounts.views import ENTRIES, code_sentence
from portal.accounts.words import own_words
from portal.extensions import db, limiter
from portal.i18n import gettext

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
RESET = CodePurpose.RESET_PASSWORD


@blueprint.route("/forgot", methods=["GET", "POST"])
@public
@limiter.limit(ENTRIES, key_func=network, methods=["POST"])
def forgot() -> Page:
    """Send a link to an e-mail address or a code to a phone; the answer tells nothing."""
    form = ForgotForm()
    if not form.validate_on_submit():
        return _page("forgot.html", 422 if form.errors else 200, form=form)
    typed = form.identity.data or ""
    try:
        if "@" in typed:
            return _mail_link(normalize_email(typed))
        return _send_code(phones.normalize_phone(typed))
    except (EmailError, phones.PhoneError):
        form.identity.errors = [gettext("This is neither a mobile number nor an e-mail address.")]
        return _page("forgot.html", 422, form=form)
    except CodeError as error:
        form.identity.errors = [code_sentence(error)]
        return _page("forgot.html", 429, form=form)


@blueprint.route("/forgot/code", methods=["GET", "POST"])
@public
@limiter.limit(ENTRIES, key_func=network, methods=["POST"])
def forgot_code() -> Page:
    """Take the code that was sent to the phone, and lead on to the new password."""
    asked = find_request(RESET)
    if asked is None:
        return redirect(url_for("accounts.forgot"), 303)
    form = CodeForm()
    sent_to = phones.mask_phone(asked.phone)
    if not form.validate_on_submit():
        return _page("forgot_code.html", 422 if form.errors else 200, form=form, sent_to=sent_to)
    try:
        take_code(RESET, asked.phone, form.code.data or "")
    except CodeError as error:
        form.code.errors = [code_sentence(error)]
        return _page("forgot_code.html", 422, form=form, sent_to=sent_to)
    account = find_account_by_phone(asked.phone)
    if account is None:
        db.session.commit()
        remember_verified_phone(asked.phone)
        flash(gettext("There is no account with this number yet. You can join now."), "warning")
        return redirect(url_for("members.join"), 303)
    token = codes.make_link(
        purpose=RESET, target=asked.phone, account=account, asker=asker_for(account)
    )
    db.session.commit()
    return redirect(url_for("accounts.reset", token=token), 303)


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
@public
@limiter.limit(ENTRIES, key_func=network, methods=["POST"])
def reset(token: str) -> Page:
    """Set a new password through a link: once, within half an hour; other sessions end."""
    link = codes.find_link(RESET, token)
    account = db.session.get(Account, link.account_id) if link else None
    if account is None or not may_enter(account):
        return _page("link_over.html", 410)
    form = NewPasswordForm(own_words=own_words(account))
    if not form.validate_on_submit():
        return _page("reset.html", 422 if form.errors else 200, form=form)
    db.session.commit()
    password_hash = hash_password(form.password.data or "")
    try:
        codes.redeem_link(purpose=RESET, token=token)
    except CodeError:
        db.session.rollback()
        return _page("link_over.html", 410)
    service.change_password(account=account, password_hash=password_hash, keep=None)
    tell_of_change(account, "password")
    response = complete_first_step(account, SignInMethod.RESET, None)
    flash(gettext("Your password is changed. You have been signed out everywhere else."))
    return response


def _mail_link(email: str) -> Page:
    found = find_account_by_email(email)
    account = found if may_enter(found) else None
    try:
        token = codes.issue_link(
            purpose=RESET, target=email, account=account, asker=asker_for(account)
        )
        send_mail(
            email,
            "reset_mail",
            not_after=clock.now() + codes.LINK_LIFE,
            to_nobody=account is None,
            address=our_address(url_for("accounts.reset", token=token)),
        )
        db.session.commit()
    except CodeError:
        # Said aloud, this would tell that the account exists.
        db.session.rollback()
    return _page("forgot_sent.html", 200, email=email)


def _send_code(phone: str) -> Page:
    send_code(RESET, phone, find_account_by_phone(phone))
    return redirect(url_for("accounts.forgot_code"), 303)


def _page(template: str, status: int, **values: object) -> tuple[str, int]:
    return render_template(f"accounts/{template}", **values), status
