"""By which channels people are told, when, and what a message says there."""

from collections.abc import Collection, Iterator, Mapping

import sqlalchemy as sa
from flask import current_app
from flask_babel import force_locale

from portal import clock
from portal.accounts.models import Account, AccountState
from portal.club.queries import current_club
from portal.extensions import db
from portal.i18n import gettext, localized
from portal.messages.models import Channel
from portal.messages.senders import has_sender
from portal.messages.service import Draft
from portal.notifications.kinds import NotificationKind
from portal.notifications.models import NotificationChoice, QuietHours
from portal.notifications.quiet import NIGHT, next_moment
from portal.notifications.wording import Wording

CHOICES_PATH = "/me/notifications"


def drafts_for(
    kind: NotificationKind,
    told: Mapping[int, str],
    wordings: Mapping[int, Wording],
    url: str,
    project_id: int | None,
) -> list[Draft]:
    """Return the messages by the channels that each account wants; `wordings` by account."""
    accounts = db.session.scalars(
        sa.select(Account).where(Account.id.in_(told), Account.state == AccountState.ACTIVE)
    ).all()
    chosen = _choices(kind, told.keys())
    quiet = {} if kind.urgent else _quiet_hours(told.keys())
    club = current_club()
    now = clock.now()
    drafts = []
    for account in accounts:
        language = account.locale or club.default_language
        wording = wordings[account.id]
        begins, ends = quiet.get(account.id, NIGHT)
        not_before = None if kind.urgent else next_moment(now, club.time_zone, begins, ends)
        for channel, address in _addresses(account):
            if not kind.required and not chosen.get(
                (account.id, channel), channel in kind.channels
            ):
                continue
            if kind.required and channel not in kind.channels:
                continue
            drafts.append(
                Draft(
                    channel=channel,
                    address=address,
                    subject=localized(wording.subject, language),
                    text=_text(channel, wording, url, language),
                    about=kind.key,
                    key=f"notification:{told[account.id]}:{channel}",
                    account_id=account.id,
                    project_id=project_id,
                    plugin=kind.plugin,
                    not_before=not_before,
                )
            )
    return drafts


def _addresses(account: Account) -> Iterator[tuple[str, str]]:
    if account.email:
        yield Channel.MAIL, account.email
    if account.phone:
        yield Channel.SMS, account.phone
    # Who sends WeChat messages knows which WeChat user an account is.
    if has_sender(Channel.WECHAT):
        yield Channel.WECHAT, account.public_id


def _text(channel: str, wording: Wording, url: str, language: str) -> str:
    club = localized(current_club().name, language)
    body = localized(wording.body, language)
    base = current_app.extensions["portal.settings"].base_url
    if channel == Channel.SMS:
        return f"[{club}] {localized(wording.subject, language)}. {body}".strip()
    with force_locale(language):
        choose = gettext("How you are told is yours to choose:")
    parts = [body, f"{base}{url}" if url else "", f"{club}\n{choose} {base}{CHOICES_PATH}"]
    return "\n\n".join(part for part in parts if part)


def _choices(kind: NotificationKind, accounts: Collection[int]) -> dict[tuple[int, str], bool]:
    rows = db.session.execute(
        sa.select(
            NotificationChoice.account_id, NotificationChoice.channel, NotificationChoice.wanted
        ).where(NotificationChoice.account_id.in_(accounts), NotificationChoice.kind == kind.key)
    )
    return {(account_id, channel): wanted for account_id, channel, wanted in rows}


def _quiet_hours(accounts: Collection[int]) -> dict[int, tuple[int, int]]:
    rows = db.session.scalars(sa.select(QuietHours).where(QuietHours.account_id.in_(accounts)))
    return {row.account_id: (row.begins, row.ends) for row in rows}
