"""Signing in by code or password, the second step, signing out."""

from datetime import timedelta

from flask import g, redirect, render_template, request, session, url_for
from flask_babel import format_timedelta
from werkzeug.wrappers import Response

from portal import phones
from portal.access import public
from portal.accounts.blueprint import blueprint
from portal.accounts.code_requests import find_request, send_code, take_code
from portal.accounts.codes import CodeError
from portal.accounts.flow import complete_first_step, go_on, may_enter, own_path, pending_account
from portal.accounts.forms import (
    CODE_WAY,
    PASSWORD_WAY,
    PasskeyForm,
    SecondStepForm,
    SignInForm,
)
from portal.accounts.models import CodePurpose, SignInMethod
from portal.accounts.passkeys import are_offered, options_to_sign_in
from portal.accounts.places import device, network, place_of
from portal.accounts.proofs import NotProvedError, prove_password, prove_second_step
from portal.accounts.queries import find_account_by_phone
from portal.accounts.session import end_session, start_session
from portal.accounts.tries import SlowDownError
from portal.accounts.verified import remember_verified_phone
from portal.extensions import db, limiter
from portal.i18n import gettext

__all__ = ["blueprint"]

Page = str | tuple[str, int] | tuple[str, int, dict[str, str]] | Response
ENTRIES = "40 per minute"
"""Tries of all kinds from one network; a block of flats may share one address."""


@blueprint.route("/login", methods=["GET", "POST"])
@public
@limiter.limit(ENTRIES, key_func=network, methods=["POST"])
def sign_in() -> Page:
    """Sign in with a code sent to the phone, or with a password."""
    form = SignInForm()
    if request.method == "GET":
        if g.get("account"):
            return go_on(g.account, request.args.get("next"))
        return _show_sign_in(_prefilled(form))
    if not form.validate():
        return _show_sign_in(form, 422)
    if form.way.data == PASSWORD_WAY:
        return _enter_with_password(form)
    asked = find_request(CodePurpose.SIGN_IN)
    if form.act.data == "send" or not (form.code.data or asked):
        return _send_code(form)
    return _enter_with_code(form)


@blueprint.route("/login/second-step", methods=["GET", "POST"])
@public
@limiter.limit(ENTRIES, key_func=network, methods=["POST"])
def second_step() -> Page:
    """Ask for the code of the authenticator app, or a recovery code."""
    target = own_path(request.args.get("next"))
    pending = pending_account()
    if pending is None:
        return redirect(url_for("accounts.sign_in", next=target), 303)
    account, method = pending
    form = SecondStepForm()
    if not form.validate_on_submit():
        return _page("second_step.html", 422 if form.errors else 200, form=form)
    # A stranger who knows the password is slowed down wherever the tries come from; the owner's
    # own device is counted apart.
    place = place_of(account) if device().knows(account) else "anywhere"
    try:
        prove_second_step(account, form.code.data or "", place=place)
    except SlowDownError as error:
        form.code.errors = [wait_sentence(error.wait)]
        return _page("second_step.html", 429, error.wait, form=form)
    except NotProvedError:
        form.code.errors = [gettext("This code is not right, or was used already.")]
        return _page("second_step.html", 422, form=form)
    start_session(account, method, second_factor=True)
    db.session.commit()
    return go_on(account, target)


@blueprint.post("/logout")
@public
def sign_out() -> Response:
    """End this browser's session."""
    end_session()
    db.session.commit()
    answer = redirect(url_for("accounts.sign_in"), 303)
    # On a shared machine nothing read while signed in stays behind.
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def wait_sentence(wait: timedelta) -> str:
    """Say how long to wait."""
    whole = timedelta(seconds=max(1, round(wait.total_seconds())))
    return gettext(
        "Too many wrong tries from here. Please wait %(time)s, then try again.",
        time=format_timedelta(whole, threshold=1.2),
    )


def code_sentence(error: CodeError) -> str:
    """Say why a code was not sent or not taken."""
    time = format_timedelta(timedelta(seconds=max(1, round(error.wait.total_seconds()))))
    if error.code == "too_soon":
        return gettext("A code is on its way. You can ask for another in %(time)s.", time=time)
    if error.code == "too_many":
        return gettext("That is enough codes for today. You can ask again in %(time)s.", time=time)
    if error.code == "wrong" and error.left:
        return gettext("This code is not right. Tries left: %(left)s.", left=error.left)
    return gettext("This code is no longer valid. Please ask for a new one.")


def _prefilled(form: SignInForm) -> SignInForm:
    """Fill in what the address and the last request for a code tell."""
    form.next.data = own_path(request.args.get("next"))
    form.way.data = PASSWORD_WAY if request.args.get("way") == PASSWORD_WAY else CODE_WAY
    asked = find_request(CodePurpose.SIGN_IN)
    if asked:
        form.phone.data = phones.national(asked.phone)
    return form


def _send_code(form: SignInForm) -> Page:
    phone = form.phone.e164
    if phone is None:
        form.phone.errors = [gettext("Enter your mobile number.")]
        return _show_sign_in(form, 422)
    try:
        send_code(CodePurpose.SIGN_IN, phone, find_account_by_phone(phone))
    except CodeError as error:
        form.phone.errors = [code_sentence(error)]
        return _show_sign_in(form, 429, error.wait)
    return redirect(url_for("accounts.sign_in", sent=1, next=own_path(form.next.data)), 303)


def _enter_with_code(form: SignInForm) -> Page:
    phone = form.phone.e164
    if phone is None or not form.code.data:
        field, sentence = (
            (form.code, gettext("Enter the code."))
            if phone
            else (form.phone, gettext("Enter your mobile number."))
        )
        field.errors = [sentence]
        return _show_sign_in(form, 422)
    try:
        take_code(CodePurpose.SIGN_IN, phone, form.code.data)
    except CodeError as error:
        form.code.errors = [code_sentence(error)]
        return _show_sign_in(form, 422)
    account = find_account_by_phone(phone)
    if account is None:
        db.session.commit()
        session.clear()
        remember_verified_phone(phone)
        return redirect(url_for("members.join", next=own_path(form.next.data)), 303)
    if not may_enter(account):
        db.session.commit()
        form.phone.errors = [gettext("This account is closed. Please contact us.")]
        return _show_sign_in(form, 422)
    return complete_first_step(account, SignInMethod.CODE, form.next.data)


def _enter_with_password(form: SignInForm) -> Page:
    typed, password = form.identity.data or "", form.password.data or ""
    if not (typed and password):
        field = form.password if typed else form.identity
        field.errors = [
            gettext("Enter your password.")
            if typed
            else gettext("Enter your mobile number or e-mail address.")
        ]
        return _show_sign_in(form, 422)
    try:
        account = prove_password(typed, password, place_of=place_of)
    except SlowDownError as error:
        db.session.rollback()
        form.password.errors = [wait_sentence(error.wait)]
        return _show_sign_in(form, 429, error.wait)
    except NotProvedError:
        form.password.errors = [gettext("Number, e-mail address or password is not right.")]
        return _show_sign_in(form, 422)
    return complete_first_step(account, SignInMethod.PASSWORD, form.next.data)


def _show_sign_in(form: SignInForm, status: int = 200, wait: timedelta | None = None) -> Page:
    asked = find_request(CodePurpose.SIGN_IN)
    return _page(
        "sign_in.html",
        status,
        wait,
        form=form,
        sent_to=phones.mask_phone(asked.phone) if asked else None,
        passkey=PasskeyForm(formdata=None, data={"next": form.next.data}),
        passkey_options=options_to_sign_in() if are_offered() else None,
    )


def _page(template: str, status: int, wait: timedelta | None = None, **values: object) -> Page:
    headers = {"Retry-After": str(max(1, round(wait.total_seconds())))} if wait else {}
    return render_template(f"accounts/{template}", **values), status, headers
