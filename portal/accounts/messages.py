"""What the portal says to an account's owner by text message and mail."""

from dataclasses import dataclass
from datetime import datetime

from flask import render_template

from portal.accounts.models import Account
from portal.messages.models import Channel
from portal.messages.service import Draft, send


def send_sms(
    phone: str,
    template: str,
    *,
    not_after: datetime | None,
    plugin: str | None = None,
    project_id: int | None = None,
    **values: object,
) -> None:
    """Send the message of accounts/messages/<template>.txt, in the reader's language, once the
    caller's transaction is committed; after `not_after` it is of no use any more. `plugin`: whose
    it is; while that is off in the project it is not sent."""
    text = _text(template, values).replace("\n", "")
    send(
        Draft(
            Channel.SMS,
            phone,
            text,
            template,
            not_after=not_after,
            plugin=plugin,
            project_id=project_id,
        )
    )


def send_mail(
    to: str,
    template: str,
    *,
    not_after: datetime | None,
    to_nobody: bool = False,
    **values: object,
) -> None:
    """Send the mail of accounts/messages/<template>.txt likewise; its first line is the subject.

    `to_nobody`: do the same work, and send nothing.
    """
    subject, _, body = _text(template, values).partition("\n")
    send(
        Draft(
            Channel.MAIL,
            to,
            body.strip(),
            template,
            subject=subject.strip(),
            not_after=not_after,
            to_nobody=to_nobody,
        )
    )


@dataclass(frozen=True)
class Contact:
    """Where an account's owner is reached."""

    email: str | None
    phone: str | None

    @classmethod
    def of(cls, account: Account) -> "Contact":
        """Return where the owner is reached now."""
        return cls(account.email, account.phone)


def tell_of_change(account: Account, what: str, *, before: Contact | None = None) -> None:
    """Tell the owner, with the commit, that password, phone, e-mail, second step or passkeys
    changed.

    `what`: the template's word for it. `before`: where the owner was reached before phone or e-mail
    changed; whoever has the new one knows.
    """
    contact = before or Contact.of(account)
    if contact.email:
        send_mail(contact.email, "changed_mail", not_after=None, what=what)
    elif contact.phone:
        send_sms(contact.phone, "changed_sms", not_after=None, what=what)


def _text(template: str, values: dict[str, object]) -> str:
    return render_template(f"accounts/messages/{template}.txt", **values).strip()
