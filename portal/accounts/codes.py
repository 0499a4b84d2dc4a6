"""One-time codes and links: made, counted, redeemed once.

A code has six digits and is kept as a keyed hash. It counts only together with the request token
of the browser that asked for it, so that a stranger can neither guess at it from elsewhere nor use
up its tries. How many are sent is counted by phone and by place; the owner's own device has an
allowance that strangers cannot use up.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account, CodePurpose, OneTimeCode
from portal.accounts.tries import wait_turn
from portal.crypto import lookup_hash, token_hash
from portal.extensions import db

CODE_LIFE = timedelta(minutes=5)
LINK_LIFE = timedelta(minutes=30)
RESEND_AFTER = timedelta(seconds=60)
WRONG_TRIES = 5
A_DAY = timedelta(days=1)
PER_TARGET_A_DAY = 10
PER_PLACE_A_DAY = 40
KEPT = timedelta(days=2)


class CodeError(Exception):
    """A code or link cannot be sent or taken.

    `code`: too_soon, too_many (then `wait` says how long), wrong (`left`: tries left), expired.
    """

    def __init__(self, code: str, *, wait: timedelta = timedelta(), left: int = 0) -> None:
        super().__init__(code)
        self.code, self.wait, self.left = code, wait, left


@dataclass(frozen=True)
class Asker:
    """Where a code is asked for: a place, and whether the account knows this device."""

    place: str
    known: bool


def issue_code(
    *,
    purpose: CodePurpose,
    phone: str,
    request_token: str,
    asker: Asker,
    account: Account | None = None,
    scope: str = "",
) -> str:
    """Make a code of six digits for a phone (E.164) and return it, to be sent after the commit.

    `scope`: a part of the portal within whose own purposes alone the code counts; of the phone
    nothing but hashes is kept then. Raises CodeError("too_soon") or CodeError("too_many"); neither
    depends on an account.
    """
    target = _target_hash(phone)
    _hold_back(target, asker)
    code = f"{secrets.randbelow(10**6):06d}"
    row = _row(purpose, phone, asker, account, CODE_LIFE)
    row.secret_hash = _code_hash(purpose, scope, phone, code)
    if scope:
        row.target = ""
    row.request_hash = token_hash(request_token)
    db.session.add(row)
    return code


def redeem_code(
    *, purpose: CodePurpose, phone: str, request_token: str, code: str, scope: str = ""
) -> None:
    """Use up the code that this browser asked for. The caller commits, also after an error.

    Raises CodeError("wrong") or CodeError("expired"): used, too old, five wrong tries, not ours.
    """
    # The try is counted before the code is compared: of many tries at once each one waits for
    # this row and finds the count of those before it.
    tried = db.session.execute(
        sa.update(OneTimeCode)
        .where(
            OneTimeCode.request_hash == token_hash(request_token),
            OneTimeCode.purpose == purpose,
            OneTimeCode.target_hash == _target_hash(phone),
            OneTimeCode.used_at.is_(None),
            OneTimeCode.expires_at > clock.now(),
            OneTimeCode.wrong_tries < WRONG_TRIES,
        )
        .values(wrong_tries=OneTimeCode.wrong_tries + 1)
        .returning(OneTimeCode.id, OneTimeCode.secret_hash, OneTimeCode.wrong_tries)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if tried is None:
        raise CodeError("expired")
    if not hmac.compare_digest(tried.secret_hash, _code_hash(purpose, scope, phone, code)):
        raise CodeError("wrong", left=WRONG_TRIES - tried.wrong_tries)
    db.session.execute(
        sa.update(OneTimeCode)
        .where(OneTimeCode.id == tried.id)
        .values(used_at=clock.now(), wrong_tries=tried.wrong_tries - 1)
        .execution_options(synchronize_session=False)
    )


def issue_link(*, purpose: CodePurpose, target: str, account: Account | None, asker: Asker) -> str:
    """Return the token of a link for `account`, to be mailed to `target` after the commit.

    Without an account the same is done for a link that nobody gets, so that the time tells nothing.
    Raises CodeError("too_soon") or CodeError("too_many").
    """
    _hold_back(_target_hash(target), asker)
    return make_link(purpose=purpose, target=target, account=account, asker=asker)


def make_link(*, purpose: CodePurpose, target: str, account: Account | None, asker: Asker) -> str:
    """Return the token of a link without counting it: for who has just proved a phone."""
    token = secrets.token_urlsafe(32)
    row = _row(purpose, target, asker, account, LINK_LIFE)
    row.secret_hash = token_hash(token)
    db.session.add(row)
    return token


def find_link(purpose: CodePurpose, token: str) -> OneTimeCode | None:
    """Return the link while it can be used."""
    return db.session.scalar(sa.select(OneTimeCode).where(*_usable(purpose, token)))


def redeem_link(*, purpose: CodePurpose, token: str) -> OneTimeCode:
    """Use up a link and return it. Raises CodeError("expired") for a used, old or unknown one."""
    link = db.session.scalar(
        sa.update(OneTimeCode)
        .where(*_usable(purpose, token))
        .values(used_at=clock.now())
        .returning(OneTimeCode)
        .execution_options(synchronize_session=False)
    )
    if link is None:
        raise CodeError("expired")
    return link


def void_links(*, account: Account) -> None:
    """Make every open link of the account useless: each could undo the change just made."""
    db.session.execute(
        sa.update(OneTimeCode)
        .where(
            OneTimeCode.account_id == account.id,
            OneTimeCode.request_hash.is_(None),
            OneTimeCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .execution_options(synchronize_session=False)
    )


def _usable(purpose: CodePurpose, token: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        OneTimeCode.secret_hash == token_hash(token),
        OneTimeCode.purpose == purpose,
        OneTimeCode.request_hash.is_(None),
        OneTimeCode.used_at.is_(None),
        OneTimeCode.expires_at > clock.now(),
    )


def _row(
    purpose: CodePurpose, target: str, asker: Asker, account: Account | None, life: timedelta
) -> OneTimeCode:
    now = clock.now()
    return OneTimeCode(
        purpose=purpose,
        target=target,
        target_hash=_target_hash(target),
        place_hash=_place_hash(asker),
        known_device=asker.known,
        account_id=account.id if account else None,
        created_at=now,
        expires_at=now + life,
    )


def _hold_back(target: bytes, asker: Asker) -> None:
    """Raise CodeError when this target or this place has been sent enough."""
    wait_turn(identity=f"code:{target.hex()}")
    now = clock.now()
    db.session.execute(
        sa.delete(OneTimeCode)
        .where(OneTimeCode.target_hash == target, OneTimeCode.created_at < now - KEPT)
        .execution_options(synchronize_session=False)
    )
    to_target = _sent(
        now, OneTimeCode.target_hash == target, OneTimeCode.known_device.is_(asker.known)
    )
    from_place = _sent(now, OneTimeCode.place_hash == _place_hash(asker))
    for sent, limit in ((to_target, PER_TARGET_A_DAY), (from_place, PER_PLACE_A_DAY)):
        if len(sent) >= limit:
            raise CodeError("too_many", wait=sent[limit - 1] + A_DAY - now)
    last = _sent(
        now, OneTimeCode.target_hash == target, OneTimeCode.place_hash == _place_hash(asker)
    )
    if last and now - last[0] < RESEND_AFTER:
        raise CodeError("too_soon", wait=last[0] + RESEND_AFTER - now)


def _sent(now: datetime, *conditions: sa.ColumnElement[bool]) -> list[datetime]:
    """Return when codes were sent within a day, the latest first."""
    statement = (
        sa.select(OneTimeCode.created_at)
        .where(*conditions, OneTimeCode.created_at > now - A_DAY)
        .order_by(OneTimeCode.created_at.desc())
        .limit(PER_PLACE_A_DAY)
    )
    return list(db.session.scalars(statement))


def _target_hash(target: str) -> bytes:
    return lookup_hash("code_target", target)


def _place_hash(asker: Asker) -> bytes:
    return lookup_hash("place", asker.place)


def _code_hash(purpose: CodePurpose, scope: str, phone: str, code: str) -> bytes:
    return lookup_hash("code", "\0".join(filter(None, (purpose, scope, phone, code))))
