"""What tells who somebody is, covered in texts that only those read who run the portal."""

import re

_TELLING = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"[1-9][0-9]{16}[0-9Xx]"  # identity numbers
    r"|(?:(?:\+|00)?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}"  # mobile phones of China
    r"|\+[1-9](?:[ -]?[0-9]){7,14}"  # phones from abroad
    r")(?![0-9A-Za-z])"
    r"|[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"  # mail addresses
)


def masked(text: str) -> str:
    """Return a text with *** in place of phones, identity numbers and mail addresses.

    Names cannot be told from other words: no message of an error may hold one.
    """
    return _TELLING.sub("***", text)
