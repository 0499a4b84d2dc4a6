"""What may be a person's name: any script, one character or many, nothing invisible."""

import unicodedata

NAME_MAX = 80
_JOINERS = "\u200c\u200d"
"""Persian and several Indian scripts need them inside a word."""


class NameRefusedError(ValueError):
    """The text is not a name."""


def clean_name(text: str) -> str:
    """Return a name with single spaces; raises NameRefusedError for what is none.

    A name has 1 to 80 characters, at least one of them a letter, and no control or invisible ones.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(name) <= NAME_MAX or not any(map(str.isalpha, name)):
        raise NameRefusedError(text)
    if any(unicodedata.category(char)[0] == "C" and char not in _JOINERS for char in name):
        raise NameRefusedError(text)
    return name
