"""One's own security: password, e-mail, phone, and where one is signed in."""

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal import clock, phones
from portal.access import public, signed_in
from portal.accounts import codes, service
from portal.accounts.blueprint import blueprint
from portal.accounts.code_requests import asker_for, find_request, send_code, take_code
from portal.accounts.codes import Asker, CodeError
from portal.accounts.confirmation import recently_confirmed
from portal.accounts.current import current_account
from portal.accounts.flow import our_address
from portal.accounts.forms import CodeForm, EmailForm, NewPasswordForm, PhoneForm
from portal.accounts.messages import Contact, send_mail, tell_of_change
from portal.accounts.models import Account, CodePurpose
from portal.accounts.passkeys import are_offered, passkeys_of
from portal.accounts.passwords import hash_password
from portal.accounts.places import network
from portal.accounts.queries import find_sign_in, live_sign_ins, recovery_codes_left
from portal.accounts.service import AccountExistsError
from portal.accounts.views import ENTRIES, code_sentence
from portal.accounts.words import METHOD_TITLES, device_icon, device_title, own_words
from portal.extensions import db, limiter
from portal.i18n import gettext

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
EMAIL, PHONE = CodePurpose.CHANGE_EMAIL, CodePurpose.CHANGE_PHONE


@blueprint.get("/me/security")
@signed_in
def security() -> Page:
    """Show how one signs in, each with the way to change it."""
    account = current_account()
    return render_template(
        "accounts/security.html",
        phone=phones.mask_phone(account.phone) if account.phone else None,
        codes_left=recovery_codes_left(account.id) if account.totp_confirmed_at else None,
        sign_ins=len(live_sign_ins(account.id)),
        passkeys=len(passkeys_of(account)) if are_offered() else None,
    )


@blueprint.route("/me/security/password", methods=["GET", "POST"])
@signed_in
@recently_confirmed
def password() -> Page:
    """Set or change the password; every other session ends."""
    account = current_account()
    form = NewPasswordForm(own_words=own_words(account))
    if not form.validate_on_submit():
        return _page("password.html", 422 if form.errors else 200, form=form)
    db.session.commit()
    password_hash = hash_password(form.password.data or "")
    service.change_password(account=account, password_hash=password_hash, keep=g.sign_in)
    tell_of_change(account, "password")
    db.session.commit()
    flash(gettext("Your password is changed. You have been signed out everywhere else."))
    return redirect(url_for("accounts.security"), 303)


@blueprint.route("/me/security/email", methods=["GET", "POST"])
@signed_in
@recently_confirmed
def email() -> Page:
    """Mail a link to a new address; the address counts once the link is opened."""
    account = current_account()
    form = EmailForm(email=account.email)
    if not form.validate_on_submit():
        return _page("email.html", 422 if form.errors else 200, form=form)
    address = form.email.data or ""
    try:
        mail_link(account, address, asker_for(account))
        db.session.commit()
    except CodeError as error:
        form.email.errors = [code_sentence(error)]
        return _page("email.html", 429, form=form)
    flash(
        gettext(
            "Open the link in the mail to %(email)s. It is valid for 30 minutes.", email=address
        )
    )
    return redirect(url_for("accounts.security"), 303)


def mail_link(account: Account, address: str, asker: Asker) -> None:
    """Mail a link to a new e-mail address with the commit, by which it counts. Raises CodeError."""
    token = codes.issue_link(purpose=EMAIL, target=address, account=account, asker=asker)
    link = our_address(url_for("accounts.confirm_email", token=token))
    send_mail(address, "email_mail", not_after=clock.now() + codes.LINK_LIFE, address=link)


@blueprint.route("/email/<token>", methods=["GET", "POST"])
@public
@limiter.limit(ENTRIES, key_func=network, methods=["POST"])
def confirm_email(token: str) -> Page:
    """Put a new e-mail address in force, on whatever device the link is opened."""
    link = codes.find_link(EMAIL, token)
    if link is None:
        return _page("link_over.html", 410)
    if request.method == "GET":
        return _page("email_confirm.html", 200, email=link.target)
    account = db.session.get_one(Account, link.account_id)
    before = Contact.of(account)
    try:
        codes.redeem_link(purpose=EMAIL, token=token)
        service.change_email(account=account, email=link.target)
    except CodeError:
        db.session.rollback()
        return _page("link_over.html", 410)
    except AccountExistsError:
        db.session.rollback()
        return _page("taken.html", 409)
    tell_of_change(account, "email", before=before)
    db.session.commit()
    flash(gettext("You can sign in with this e-mail address now."))
    return redirect(url_for("accounts.security"), 303)


@blueprint.route("/me/security/phone", methods=["GET", "POST"])
@signed_in
@recently_confirmed
def phone() -> Page:
    """Send a code to a new phone."""
    form = PhoneForm()
    if not form.validate_on_submit():
        return _page("phone.html", 422 if form.errors else 200, form=form)
    try:
        send_code(PHONE, form.phone.e164 or "", current_account())
    except CodeError as error:
        form.phone.errors = [code_sentence(error)]
        return _page("phone.html", 429, form=form)
    return redirect(url_for("accounts.phone_code"), 303)


@blueprint.route("/me/security/phone/code", methods=["GET", "POST"])
@signed_in
@recently_confirmed
def phone_code() -> Page:
    """Take the code that was sent to the new phone, and sign in with that phone from now on."""
    asked = find_request(PHONE)
    if asked is None:
        return redirect(url_for("accounts.phone"), 303)
    form = CodeForm()
    sent_to = phones.mask_phone(asked.phone)
    if not form.validate_on_submit():
        return _page("phone_code.html", 422 if form.errors else 200, form=form, sent_to=sent_to)
    account = current_account()
    before = Contact.of(account)
    try:
        take_code(PHONE, asked.phone, form.code.data or "")
        service.change_phone(account=account, phone=asked.phone)
    except CodeError as error:
        form.code.errors = [code_sentence(error)]
        return _page("phone_code.html", 422, form=form, sent_to=sent_to)
    except AccountExistsError:
        db.session.commit()
        return _page("taken.html", 409)
    tell_of_change(account, "phone", before=before)
    db.session.commit()
    flash(gettext("You sign in with %(phone)s from now on.", phone=sent_to))
    return redirect(url_for("accounts.security"), 303)


@blueprint.get("/me/sign-ins")
@signed_in
def sign_ins() -> Page:
    """Show where one is signed in."""
    return render_template(
        "accounts/sign_ins.html",
        sign_ins=live_sign_ins(current_account().id),
        here=g.sign_in,
        device_title=device_title,
        device_icon=device_icon,
        method_titles=METHOD_TITLES,
    )


@blueprint.route("/me/sign-ins/<public_id>/end", methods=["GET", "POST"])
@signed_in
def end_sign_in(public_id: str) -> Page:
    """Ask, then end one of one's own other sessions."""
    account = current_account()
    sign_in = find_sign_in(account.id, public_id)
    if sign_in is None or sign_in.id == g.sign_in.id:
        raise NotFound
    if request.method == "GET":
        return _page("sign_in_end.html", 200, sign_in=sign_in, device_title=device_title)
    service.end_sign_in(actor=account, sign_in=sign_in)
    db.session.commit()
    flash(gettext("That device is signed out."))
    return redirect(url_for("accounts.sign_ins"), 303)


@blueprint.route("/me/sign-ins/end-others", methods=["GET", "POST"])
@signed_in
def end_other_sign_ins() -> Page:
    """Ask, then end every session but this one."""
    account = current_account()
    if request.method == "GET":
        return _page("sign_in_end.html", 200, sign_in=None, device_title=device_title)
    service.end_other_sign_ins(account=account, keep=g.sign_in)
    db.session.commit()
    flash(gettext("You are signed in on this device only."))
    return redirect(url_for("accounts.sign_ins"), 303)


def _page(template: str, status: int, **values: object) -> tuple[str, int]:
    return render_template(f"accounts/{template}", **values), status
