"""The forms of signing in and of one's own security."""

import unicodedata
from typing import Any

from wtforms import (
    BooleanField,
    HiddenField,
    PasswordField,
    RadioField,
    StringField,
    ValidationError,
)
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length

from portal.accounts.password_rules import LONGEST, WeakPasswordError, check_password
from portal.accounts.service import EmailError, normalize_email
from portal.forms import Form, PhoneField, SelectChoice
from portal.i18n import LANGUAGES, lazy

CODE_WAY, PASSWORD_WAY = "code", "password"


def plain_code(value: Any) -> Any:
    """Return a code without spaces, its full-width digits made plain."""
    if not isinstance(value, str):
        return value
    return "".join(unicodedata.normalize("NFKC", value).split())


def _code_field() -> StringField:
    return StringField(lazy("Code"), [Length(max=12)], filters=[plain_code])


class SecretForm(Form):
    """A form that carries secrets: no key, since a key's row keeps a digest of what was sent.

    Each of these acts is safe to repeat by a guard of its own.
    """

    idempotency_key = None  # type: ignore[assignment]


class SignInForm(SecretForm):
    """Both ways to sign in; only the chosen one's fields count."""

    way = RadioField(
        lazy("Way to sign in"),
        choices=[
            SelectChoice(CODE_WAY, lazy("With a code")),
            SelectChoice(PASSWORD_WAY, lazy("With a password")),
        ],
        default=CODE_WAY,
    )
    act = HiddenField()
    next = HiddenField(validators=[Length(max=2000)])
    phone = PhoneField(lazy("Mobile number"), [Length(max=40)])
    code = _code_field()
    identity = StringField(lazy("Mobile number or e-mail"), [Length(max=254)])
    password = PasswordField(lazy("Password"), [Length(max=LONGEST)])


class SecondStepForm(SecretForm):
    """The app's code or a recovery code."""

    code = StringField(
        lazy("Code"), [DataRequired(lazy("Enter the code.")), Length(max=20)], filters=[plain_code]
    )


class PasskeyForm(SecretForm):
    """What a browser says of a passkey that it made or used."""

    credential = HiddenField(validators=[InputRequired(), Length(max=20_000)])
    next = HiddenField(validators=[Length(max=2000)])


class NewPasskeyForm(PasskeyForm):
    """A passkey that was made, and how its owner calls the device."""

    name = StringField(
        lazy("Name of the device"),
        [DataRequired(lazy("Give it a name that you will know again.")), Length(max=60)],
    )


class ForgotForm(SecretForm):
    """Whose password is to be set anew."""

    identity = StringField(
        lazy("Mobile number or e-mail"),
        [DataRequired(lazy("Enter your mobile number or e-mail address.")), Length(max=254)],
    )


class CodeForm(SecretForm):
    """A code that has been sent."""

    code = StringField(
        lazy("Code"), [DataRequired(lazy("Enter the code.")), Length(max=12)], filters=[plain_code]
    )


class NewPasswordForm(SecretForm):
    """A new password, twice; `own_words` may not stand in it."""

    password = PasswordField(lazy("New password"), [InputRequired(lazy("Enter a new password."))])
    again = PasswordField(
        lazy("The new password again"),
        [EqualTo("password", lazy("The two passwords differ."))],
    )

    def __init__(self, *args: Any, own_words: tuple[str, ...] = (), **values: Any) -> None:
        super().__init__(*args, **values)
        self.own_words = own_words

    def validate_password(self, field: PasswordField) -> None:
        """Refuse a password that is easy to guess."""
        try:
            check_password(field.data or "", own_words=self.own_words)
        except WeakPasswordError as error:
            raise ValidationError(str(error.sentence)) from None


class EmailForm(SecretForm):
    """A new e-mail address."""

    email = StringField(
        lazy("E-mail address"),
        [DataRequired(lazy("Enter an e-mail address.")), Length(max=254)],
    )

    def validate_email(self, field: StringField) -> None:
        """Put the address into its usual form."""
        try:
            field.data = normalize_email(field.data or "")
        except EmailError:
            raise ValidationError(lazy("This is not an e-mail address.")) from None


class PhoneForm(SecretForm):
    """A new mobile number."""

    phone = PhoneField(
        lazy("New mobile number"),
        [DataRequired(lazy("Enter a mobile number.")), Length(max=40)],
    )


class ConfirmForm(SecretForm):
    """Proof that it is still the owner: the password, or a code to the phone."""

    next = HiddenField(validators=[Length(max=2000)])
    # A write that waits for the proof, signed.
    carried = HiddenField(validators=[Length(max=200_000)])
    act = HiddenField()
    password = PasswordField(lazy("Password"), [Length(max=LONGEST)])
    code = _code_field()


class DisplayForm(SecretForm):
    """The reader's language and the size of type."""

    next = HiddenField(validators=[Length(max=2000)])
    language = RadioField(
        lazy("Language"), choices=[SelectChoice(*known) for known in LANGUAGES.items()]
    )
    large = BooleanField(lazy("Large type"))
