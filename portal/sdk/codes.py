"""One-time codes for plugins: whoever types the code from a text message holds the number.

The number may be anybody's. Nothing of it is kept that could be read: hashes in the table of
codes, the message until it is sent, and a sealed text in the cookie of the browser that asked.
"""

import base64
import binascii
import secrets
from datetime import timedelta

from cryptography.exceptions import InvalidTag
from flask import g, session

from portal import clock
from portal.accounts import codes
from portal.accounts.code_requests import asker_for
from portal.accounts.forms import plain_code
from portal.accounts.messages import send_sms
from portal.accounts.models import CodePurpose
from portal.accounts.views import code_sentence
from portal.crypto import decrypt, encrypt
from portal.extensions import db
from portal.i18n import Text
from portal.plugin_host.refs import ProjectRef
from portal.plugin_host.state import host
from portal.slots import is_plugin_on

_PURPOSE = 60


class CodeError(Exception):
    """A code cannot be sent or taken. `code`: too_soon, too_many (`wait` says how long), wrong,
    expired; `sentence`: the same for people."""

    def __init__(self, code: str, sentence: Text, wait: timedelta) -> None:
        super().__init__(code)
        self.code, self.sentence, self.wait = code, sentence, wait


def send_code(*, plugin: str, purpose: str, phone: str, project: ProjectRef) -> bool:
    """Text a one-time code to a number (E.164), a member's or not, once the request has committed.

    It counts for five minutes, in this browser, for this plugin and `purpose` alone. How many are
    sent is counted by number and network, with those of the sign-in. False: the plugin is off in
    the project, and nothing is sent. Raises CodeError, ValueError for a plugin that is not loaded.
    """
    if plugin not in host().loaded:
        raise ValueError(f"{plugin!r} is not loaded")
    if not 0 < len(purpose) <= _PURPOSE:
        raise ValueError(f"`purpose` has 1 to {_PURPOSE} characters")
    if not is_plugin_on(plugin, project.id):
        return False
    token = secrets.token_urlsafe(16)
    try:
        code = codes.issue_code(
            purpose=CodePurpose.CONFIRM,
            phone=phone,
            request_token=token,
            asker=asker_for(g.get("account")),
            scope=_scope(plugin, purpose),
        )
    except codes.CodeError as error:
        raise CodeError(error.code, code_sentence(error), error.wait) from error
    send_sms(
        phone,
        "code",
        not_after=clock.now() + codes.CODE_LIFE,
        plugin=plugin,
        project_id=project.id,
        code=code,
    )
    session[_key(plugin)] = [purpose, base64.b64encode(encrypt(phone)).decode(), token]
    return True


def code_phone(*, plugin: str, purpose: str) -> str | None:
    """Return the number (E.164) to which this browser had a code sent last, for `purpose`."""
    found = _asked(plugin, purpose)
    return found[0] if found else None


def check_code(*, plugin: str, purpose: str, code: str) -> str:
    """Use up the code that this browser asked for, and return the number that it proves (E.164).

    Ask before you write: a wrong try is committed at once, so that it counts whatever you do then.
    Raises CodeError.
    """
    phone, token = _asked(plugin, purpose) or ("", "")
    try:
        codes.redeem_code(
            purpose=CodePurpose.CONFIRM,
            phone=phone,
            request_token=token,
            code=plain_code(code),
            scope=_scope(plugin, purpose),
        )
    except codes.CodeError as error:
        db.session.commit()
        raise CodeError(error.code, code_sentence(error), error.wait) from error
    session.pop(_key(plugin), None)
    return phone


def _asked(plugin: str, purpose: str) -> tuple[str, str] | None:
    kept = session.get(_key(plugin))
    if not kept or kept[0] != purpose:
        return None
    try:
        return decrypt(base64.b64decode(kept[1])), kept[2]
    except (InvalidTag, binascii.Error, KeyError, ValueError):
        # Sealed under a key that is gone: ask for a new code.
        return None


def _key(plugin: str) -> str:
    return f"code.plugin.{plugin}"


def _scope(plugin: str, purpose: str) -> str:
    return f"{plugin}:{purpose}"
