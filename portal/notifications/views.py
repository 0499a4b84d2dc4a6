"""The owner's inbox, and how each is told."""

from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import signed_in
from portal.accounts.current import current_account
from portal.accounts.models import Account
from portal.club.queries import current_club
from portal.extensions import db
from portal.i18n import Text, gettext, lazy
from portal.messages.models import Channel
from portal.messages.senders import has_sender
from portal.notifications import queries, service
from portal.notifications.blueprint import blueprint
from portal.notifications.forms import ChoicesForm, as_minutes, as_time
from portal.notifications.kinds import NotificationKind, known_kinds
from portal.notifications.models import Notification

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
CHANNEL_TITLES: dict[str, Text] = {
    Channel.MAIL: lazy("E-mail"),
    Channel.SMS: lazy("Text message"),
    Channel.WECHAT: lazy("WeChat"),
}


@dataclass(frozen=True)
class Group:
    """A stretch of the inbox under its heading."""

    title: str
    today: bool
    items: list[Notification]


@blueprint.get("/me/inbox")
@signed_in
def inbox() -> str:
    """Show what the club has told the reader."""
    unread = request.args.get("show") == "unread"
    page = queries.inbox(current_account(), unread=unread)
    return render_template(
        "notifications/inbox.html",
        page=page,
        groups=_groups(page.items),
        unread=unread,
        kinds=known_kinds(),
        leads_to=queries.leads_to,
    )


@blueprint.post("/me/inbox/<public_id>")
@signed_in
def open_notification(public_id: str) -> Response:
    """Mark a message as read, and lead to what it is about."""
    notification = queries.find(current_account(), public_id)
    if notification is None:
        raise NotFound
    service.mark_read(account=current_account(), public_id=public_id)
    db.session.commit()
    return redirect(queries.leads_to(notification) or url_for("notifications.inbox"), 303)


@blueprint.post("/me/inbox/read")
@signed_in
def read_all() -> Response:
    """Mark every message as read."""
    service.mark_read(account=current_account())
    db.session.commit()
    flash(gettext("All messages are marked as read."))
    return redirect(url_for("notifications.inbox"), 303)


@blueprint.route("/me/notifications", methods=["GET", "POST"])
@signed_in
def choices() -> Page:
    """Choose which messages come by which channel, and when not."""
    account = current_account()
    begins, ends = queries.quiet_hours(account)
    form = ChoicesForm(begins=as_time(begins), ends=as_time(ends))
    chosen, offered = queries.choices(account), offered_channels(account)
    wanted = {
        (kind.key, channel)
        for kind in queries.sorted_kinds()
        for channel in offered
        if chosen.get((kind.key, channel), channel in kind.channels)
    }
    if form.is_submitted():
        sent = set(form.wanted.data or ())
        wanted = {
            (kind.key, channel)
            for kind in choosable()
            for channel in offered
            if f"{kind.key}|{channel}" in sent
        }
    if not form.validate_on_submit():
        return _show(form, wanted, offered, 422 if form.errors else 200)
    assert form.begins.data is not None
    assert form.ends.data is not None
    service.choose(
        account=account,
        wanted={
            (kind.key, channel): (kind.key, channel) in wanted
            for kind in choosable()
            for channel in offered
        },
        begins=as_minutes(form.begins.data),
        ends=as_minutes(form.ends.data),
    )
    db.session.commit()
    flash(gettext("Saved. Messages reach you as you chose."))
    return redirect(url_for("notifications.choices"), 303)


def _show(
    form: ChoicesForm, wanted: set[tuple[str, str]], offered: list[str], status: int
) -> tuple[str, int]:
    body = render_template(
        "notifications/choices.html",
        form=form,
        kinds=choosable(),
        required=[kind for kind in queries.sorted_kinds() if kind.required],
        wanted=wanted,
        channels={channel: CHANNEL_TITLES[channel] for channel in offered},
    )
    return body, status


def choosable() -> list[NotificationKind]:
    """Return the kinds that may be switched off."""
    return [kind for kind in queries.sorted_kinds() if not (kind.required or kind.staff_only)]


def offered_channels(account: Account) -> list[str]:
    """Return the channels that reach an account."""
    return [
        channel
        for channel, reaches in (
            (Channel.MAIL, account.email),
            (Channel.SMS, account.phone),
            (Channel.WECHAT, has_sender(Channel.WECHAT)),
        )
        if reaches
    ]


def _groups(items: object) -> list[Group]:
    """Part messages by when they came: today, this week, before; in the club's days."""
    zone = current_club().time_zone
    today = clock.business_date(zone)
    titles = (gettext("Today"), gettext("This week"), gettext("Before"))
    groups = [Group(title, index == 0, []) for index, title in enumerate(titles)]
    for item in items:  # type: ignore[attr-defined]
        days = (today - clock.business_date(zone, item.created_at)).days
        groups[0 if days <= 0 else 1 if days < 7 else 2].items.append(item)
    return [group for group in groups if group.items]
