"""The edge of the process: who carries mails, text messages and WeChat messages.

Each channel has one sender, chosen by the settings. The console's prints what would be sent: for
trying the portal out. A plugin may bring senders of its own by `register_senders`.
"""

import smtplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from typing import Protocol
from urllib.parse import unquote, urlsplit

import click
from flask import Flask, current_app

from portal.jobs.registry import TryAgainError
from portal.messages.models import Channel
from portal.phones import mask_phone

SMTP_SECONDS = 10
CONSOLE = "console"
_EXTENSION = "portal.senders"
_PERMANENT = range(500, 600)


@dataclass(frozen=True)
class Message:
    """What a sender carries. `id` is the same at every attempt: who takes it can tell a repetition.

    `to`: an e-mail address, a phone (E.164), or for WeChat the account's public id.
    """

    id: str
    to: str
    subject: str
    text: str


class SendError(TryAgainError):
    """The message was not taken; `permanent`: it never will be, do not try again."""

    def __init__(self, text: str = "", *, permanent: bool = False) -> None:
        super().__init__(text)
        self.permanent = permanent


class Sender(Protocol):
    """Carries the messages of one channel."""

    def send(self, message: Message) -> None:
        """Hand the message over; raises SendError when nobody takes it."""


@dataclass(frozen=True)
class SenderPoint:
    """A way out that a plugin brings: the channel, and what carries a message."""

    channel: str
    send: Callable[[Message], None]


class ConsoleSender:
    """Prints messages to the console."""

    def __init__(self, channel: str) -> None:
        self.channel = channel

    def send(self, message: Message) -> None:
        to = mask_phone(message.to) if self.channel == Channel.SMS else message.to
        subject = f"{message.subject}\n" if message.subject else ""
        click.echo(f"[{self.channel} to {to}] {subject}{message.text}")


@dataclass
class MemorySender:
    """Keeps messages in a list, for tests."""

    messages: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> None:
        self.messages.append(message)


class SmtpSender:
    """Hands mails to an SMTP server: smtp://user:password@host:port, or smtps:// for TLS at once.

    With smtp:// and a user, or where the server offers it, the connection is encrypted by STARTTLS.
    """

    def __init__(self, url: str, sender: Callable[[], tuple[str, str]]) -> None:
        parts = urlsplit(url)
        self.host, self.implicit_tls = parts.hostname or "", parts.scheme == "smtps"
        self.port = parts.port or (465 if self.implicit_tls else 25)
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.sender = sender

    def send(self, message: Message) -> None:
        # What the server says may quote the address: neither it nor its cause is told.
        try:
            mail = self._mail(message)
        except (ValueError, IndexError, HeaderParseError):
            raise SendError("the address cannot be written", permanent=True) from None
        try:
            with self._connection() as server:
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _ in error.recipients.values()]
            refused = all(code in _PERMANENT for code in codes)
            raise SendError(f"the server answered {codes}", permanent=refused) from None
        except smtplib.SMTPResponseException as error:
            refused = error.smtp_code in _PERMANENT and isinstance(error, smtplib.SMTPDataError)
            raise SendError(f"the server answered {error.smtp_code}", permanent=refused) from None
        except smtplib.SMTPNotSupportedError:
            # An address beyond ASCII at a server that knows none; without one, it has no STARTTLS.
            told = "the server does not know such an address, or no encryption"
            raise SendError(told, permanent=not message.to.isascii()) from None
        except (OSError, smtplib.SMTPException) as error:
            raise SendError(f"the server cannot be used: {type(error).__name__}") from None

    def _connection(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        server: smtplib.SMTP
        if self.implicit_tls:
            server = smtplib.SMTP_SSL(self.host, self.port, timeout=SMTP_SECONDS, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=SMTP_SECONDS)
        try:
            server.ehlo()
            if not self.implicit_tls and (self.user or server.has_extn("starttls")):
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
        except BaseException:
            server.close()
            raise
        return server

    def _mail(self, message: Message) -> EmailMessage:
        name, address = self.sender()
        mail = EmailMessage()
        # A header is one line: what a name or a subject says over several is said in one.
        mail["From"] = Address(display_name=" ".join(name.split()), addr_spec=address)
        mail["To"] = Address(addr_spec=message.to)
        mail["Subject"] = " ".join(message.subject.split())
        mail["Date"] = formatdate()
        # The same at every attempt, so that a mail taken twice is one mail to its reader.
        mail["Message-ID"] = f"<{message.id}@{address.rpartition('@')[2]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.text)
        return mail


def sender_of(channel: str) -> Sender:
    """Return the application's sender of a channel. Raises SendError when its plugin is away."""
    senders: dict[str, Sender] = current_app.extensions[_EXTENSION]
    found = senders.get(channel)
    if found is None:
        raise SendError(f"no sender of {channel} is installed")
    return found


def set_sender(app: Flask, channel: str, sender: Sender) -> None:
    """Let `sender` carry the messages of a channel."""
    app.extensions.setdefault(_EXTENSION, {})[channel] = sender


def has_sender(channel: str) -> bool:
    """Tell whether a channel leads anywhere but to the console."""
    found = current_app.extensions[_EXTENSION].get(channel)
    return found is not None and not isinstance(found, ConsoleSender)


def configure_senders(
    app: Flask, chosen: Mapping[str, str], mail_from: Callable[[], tuple[str, str]]
) -> None:
    """Choose who carries what: `console`, an SMTP address, or a plugin's name (set by the host)."""
    app.extensions.setdefault(_EXTENSION, {})
    for channel in Channel:
        choice = chosen[channel]
        if choice == CONSOLE:
            set_sender(app, channel, ConsoleSender(channel))
        elif channel == Channel.MAIL and urlsplit(choice).scheme in ("smtp", "smtps"):
            set_sender(app, channel, SmtpSender(choice, mail_from))
