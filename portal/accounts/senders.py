"""The edge of the process: sending a text message or a mail.

One sender each is chosen by the settings and kept on the application. The console's prints what
would be sent: for trying the portal out, and for tests of an installation.
"""

from dataclasses import dataclass, field
from typing import Protocol

import click
from flask import current_app, render_template

from portal.accounts.models import Account
from portal.phones import mask_phone

SMS = "portal.sms_sender"
MAIL = "portal.mail_sender"


class SmsSender(Protocol):
    """Sends a text message to a phone (E.164); raises SendError when nobody takes it."""

    def send(self, phone: str, text: str) -> None:
        """Send the message."""


class MailSender(Protocol):
    """Sends a plain-text mail; raises SendError when nobody takes it."""

    def send(self, to: str, subject: str, text: str) -> None:
        """Send the mail."""


class SendError(Exception):
    """The message or mail was not taken by who delivers it."""


class ConsoleSmsSender:
    """Prints messages to the console."""

    def send(self, phone: str, text: str) -> None:
        click.echo(f"[sms to {mask_phone(phone)}] {text}")


class ConsoleMailSender:
    """Prints mails to the console."""

    def send(self, to: str, subject: str, text: str) -> None:
        click.echo(f"[mail to {to}] {subject}\n{text}")


@dataclass
class MemorySender:
    """Keeps messages and mails in a list, for tests."""

    sent: list[tuple[str, ...]] = field(default_factory=list)

    def send(self, *message: str) -> None:
        self.sent.append(message)


SMS_SENDERS = {"console": ConsoleSmsSender}


def sms_sender() -> SmsSender:
    """Return the application's sender of text messages."""
    kept = current_app.extensions
    if SMS not in kept:
        kept[SMS] = SMS_SENDERS[kept["portal.settings"].sms_sender]()
    return kept[SMS]


def mail_sender() -> MailSender:
    """Return the application's sender of mails."""
    return current_app.extensions.setdefault(MAIL, ConsoleMailSender())


def send_sms(phone: str, template: str, **values: object) -> None:
    """Send the message of accounts/messages/<template>.txt in the reader's language."""
    sms_sender().send(phone, _text(template, values).replace("\n", ""))


def send_mail(to: str, template: str, **values: object) -> None:
    """Send the mail of accounts/messages/<template>.txt; its first line is the subject."""
    subject, _, body = _text(template, values).partition("\n")
    mail_sender().send(to, subject.strip(), body.strip())


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
    """Tell the owner that password, phone, e-mail or second step changed, after the commit.

    `what`: the template's word for it. `before`: where the owner was reached before phone or e-mail
    changed; whoever has the new one knows. A message that cannot be delivered undoes nothing.
    """
    contact = before or Contact.of(account)
    try:
        if contact.email:
            send_mail(contact.email, "changed_mail", what=what)
        elif contact.phone:
            send_sms(contact.phone, "changed_sms", what=what)
    except SendError:
        current_app.logger.warning("a notice of a change could not be sent", exc_info=True)


def _text(template: str, values: dict[str, object]) -> str:
    return render_template(f"accounts/messages/{template}.txt", **values).strip()
