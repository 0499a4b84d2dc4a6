"""Phone numbers: read as people write them, kept as E.164, shown masked."""

import unicodedata

import phonenumbers

DEFAULT_REGION = "CN"


class PhoneError(ValueError):
    """The text is not a phone number that can receive messages."""


def normalize_phone(text: str) -> str:
    """Return `text` as E.164 (+8613800138000); full-width digits, +86, 0086 and dashes are read.

    Raises PhoneError for anything that is not a possible mobile number.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    if plain.startswith("00"):
        plain = "+" + plain[2:]
    try:
        number = phonenumbers.parse(plain, DEFAULT_REGION)
    except phonenumbers.NumberParseException as error:
        raise PhoneError(text) from error
    mobile = (
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    )
    if number.extension or phonenumbers.number_type(number) not in mobile:
        raise PhoneError(text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def mask_phone(e164: str) -> str:
    """Return a number as pages show it: 138****8000, or +852 91****67 from abroad."""
    number = phonenumbers.parse(e164)
    national = str(number.national_number)
    if number.country_code == 86:
        return f"{national[:3]}****{national[-4:]}"
    return f"+{number.country_code} {national[:2]}****{national[-2:]}"


def phone_tail(e164: str) -> str:
    """Return the last four digits."""
    return e164[-4:]


def national(e164: str) -> str:
    """Return a number as it is typed in a form: without +86, else as E.164."""
    return e164.removeprefix("+86")
