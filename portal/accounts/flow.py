"""From a proved first step to a session, and where the reader goes then."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from flask import current_app, redirect, session, url_for
from werkzeug.wrappers import Response

from portal import clock
from portal.accounts import service
from portal.accounts.models import Account, SignInMethod
from portal.accounts.queries import find_account
from portal.accounts.session import start_session
from portal.extensions import db
from portal.slots import fill

SECOND_STEP_LIFE = timedelta(minutes=10)
LONGEST_PATH = 2000
_PENDING = "second_step"


def own_path(target: str | None) -> str | None:
    """Return `target` when it is a path of this site, else None: no open redirect."""
    if not target or len(target) > LONGEST_PATH or not target.startswith("/"):
        return None
    # Browsers read a backslash as a slash, and leave out line breaks and tabs.
    if target.startswith("//") or "\\" in target:
        return None
    return target if all(0x20 < ord(char) != 0x7F for char in target) else None


def our_address(path: str) -> str:
    """Return the whole address of a path, for mails.

    It is made from PORTAL_BASE_URL, never from the request's Host, which a stranger may choose.
    """
    base = urlsplit(current_app.extensions["portal.settings"].base_url)
    return f"{base.scheme}://{base.netloc}{path}"


def may_enter(account: Account | None) -> bool:
    """Tell whether the account may sign in here."""
    demo: bool = current_app.extensions["portal.settings"].demo
    return account is not None and service.may_sign_in(account, demo=demo)


def go_on(account: Account, target: str | None) -> Response:
    """Lead a freshly signed-in account on: to what must be seen first, else to `target` or home."""
    target = own_path(target)
    for endpoint in fill("sign_in_steps", account):
        return redirect(url_for(endpoint, next=target), 303)
    return redirect(target or url_for("home.index"), 303)


def complete_first_step(account: Account, method: SignInMethod, target: str | None) -> Response:
    """Sign in, or ask for the second step where there is one; commits."""
    if account.totp_confirmed_at is None:
        start_session(account, method)
        db.session.commit()
        return go_on(account, target)
    db.session.commit()
    session.clear()
    session[_PENDING] = [account.public_id, str(method), clock.now().isoformat()]
    return redirect(url_for("accounts.second_step", next=own_path(target)), 303)


def pending_account() -> tuple[Account, SignInMethod] | None:
    """Return who has passed the first step on this browser within ten minutes, and how."""
    kept = session.get(_PENDING)
    if kept is None:
        return None
    public_id, method, at = kept
    if clock.now() - datetime.fromisoformat(at) > SECOND_STEP_LIFE:
        return None
    account = find_account(public_id)
    return (account, SignInMethod(method)) if account and may_enter(account) else None
