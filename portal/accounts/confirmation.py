"""Before something that matters: is it still the owner who sits here?"""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import TypeVar

from flask import current_app, flash, g, make_response, redirect, render_template, request, url_for
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from portal import clock, phones
from portal.access import signed_in
from portal.accounts.blueprint import blueprint
from portal.accounts.code_requests import find_request, send_code, take_code
from portal.accounts.codes import CodeError
from portal.accounts.current import current_account
from portal.accounts.flow import own_path
from portal.accounts.forms import ConfirmForm
from portal.accounts.models import CodePurpose
from portal.accounts.places import network, place_of
from portal.accounts.proofs import NotProvedError, prove_own_password
from portal.accounts.tries import SlowDownError
from portal.accounts.views import ENTRIES, code_sentence, wait_sentence
from portal.api.problems import Problem
from portal.api_address import is_api_request
from portal.extensions import db, limiter
from portal.i18n import gettext

CONFIRMED_FOR = timedelta(minutes=15)
View = TypeVar("View", bound=Callable[..., object])
Page = str | tuple[str, int] | Response


def recently_confirmed(view: View) -> View:
    """Ask for the password or a code first, unless the owner showed one in the last 15 minutes.

    A program of the JSON API is told so by a 403 (portal.accounts.security_api).
    """

    @wraps(view)
    def guarded(*args: object, **values: object) -> object:
        if _is_fresh():
            return view(*args, **values)
        if is_api_request():
            raise _needed()
        back = request.full_path.rstrip("?") if request.method == "GET" else None
        target = back or url_for("accounts.security")
        return redirect(url_for("accounts.confirm", next=target), 303)

    return guarded  # type: ignore[return-value]


def asked_again() -> Response | None:
    """Return the page that asks for a proof before a write; None where there is a fresh one.

    What was typed is carried through that page, signed, and sent on from the one after it.
    """
    if _is_fresh():
        return None
    if is_api_request():
        raise _needed()
    form = ConfirmForm(formdata=None, data={"carried": _carry()})
    return make_response(_show(form, 403))


def _is_fresh() -> bool:
    return bool(clock.now() - g.sign_in.confirmed_at <= CONFIRMED_FOR)


def _needed() -> Problem:
    detail = gettext("Prove first that it is you: by POST /api/v1/me/confirm.")
    return Problem(403, "confirmation_needed", detail=detail)


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="accounts.confirm")


def _carry() -> str:
    fields = [[name, value] for name, value in request.form.items(multi=True)]
    return str(_signer().dumps([g.sign_in.public_id, request.full_path.rstrip("?"), fields]))


def _carried(form: ConfirmForm) -> tuple[str, list[list[str]]] | None:
    """Return where this session's write goes and what was typed; None for none, or another's."""
    try:
        who, target, fields = _signer().loads(
            form.carried.data or "", max_age=int(CONFIRMED_FOR.total_seconds())
        )
    except BadData:
        return None
    return (target, fields) if who == g.sign_in.public_id else None


@blueprint.route("/me/confirm", methods=["GET", "POST"])
@signed_in
@limiter.limit(ENTRIES, key_func=network, methods=["POST"])
def confirm() -> Page:
    """Ask for the password, or for a code to the phone, before a change that matters."""
    form = ConfirmForm()
    if request.method == "GET":
        form.next.data = own_path(request.args.get("next"))
        return _show(form)
    if not form.validate():
        return _show(form, 422)
    if form.act.data == "send":
        return _send(form)
    refused = _password_refused(form) if form.password.data else _code_refused(form)
    if refused is not None:
        return refused
    g.sign_in.confirmed_at = clock.now()
    db.session.commit()
    carried = _carried(form)
    if carried is not None:
        return render_template("accounts/confirmed.html", target=carried[0], fields=carried[1])
    return redirect(own_path(form.next.data) or url_for("accounts.security"), 303)


def _send(form: ConfirmForm) -> Page:
    account = current_account()
    if account.phone is None:
        return _show(form, 422)
    try:
        send_code(CodePurpose.CONFIRM, account.phone, account)
    except CodeError as error:
        form.code.errors = [code_sentence(error)]
        return _show(form, 429)
    flash(gettext("A code is on its way. It is valid for 5 minutes."))
    if form.carried.data:
        db.session.commit()
        return _show(form)
    return redirect(url_for("accounts.confirm", next=own_path(form.next.data)), 303)


def _password_refused(form: ConfirmForm) -> Page | None:
    account = current_account()
    try:
        prove_own_password(account, form.password.data or "", place=place_of(account))
    except SlowDownError as error:
        form.password.errors = [wait_sentence(error.wait)]
        return _show(form, 429)
    except NotProvedError:
        form.password.errors = [gettext("This password is not right.")]
        return _show(form, 422)
    return None


def _code_refused(form: ConfirmForm) -> Page | None:
    account = current_account()
    field = form.code if account.phone else form.password
    if not account.phone or not form.code.data:
        field.errors = [
            gettext("Enter the code.") if account.phone else gettext("Enter your password.")
        ]
        return _show(form, 422)
    try:
        take_code(CodePurpose.CONFIRM, account.phone, form.code.data)
    except CodeError as error:
        field.errors = [code_sentence(error)]
        return _show(form, 422)
    return None


def _show(form: ConfirmForm, status: int = 200) -> tuple[str, int]:
    account = current_account()
    body = render_template(
        "accounts/confirm.html",
        form=form,
        has_password=account.password_hash is not None,
        phone=phones.mask_phone(account.phone) if account.phone else None,
        asked=find_request(CodePurpose.CONFIRM) is not None,
    )
    return body, status
