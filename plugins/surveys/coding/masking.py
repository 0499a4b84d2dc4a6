"""Numbers that tell who somebody is, covered before a text is read by who sorts it. Pure."""

import re

_KINDS = (
    # Identity numbers, mobile phones (grouped or not), number plates, mail addresses.
    re.compile(r"(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0\d|1[0-2])[0-3]\d\d{3}[\dXx](?!\d)"),
    re.compile(r"(?<!\d)1[3-9](?:[\s\-.·]{0,2}\d){9}(?!\d)"),
    re.compile(r"[\u4e00-\u9fff][A-HJ-NP-Z]·?[A-HJ-NP-Z0-9]{5,6}(?![A-Z0-9])"),
    re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}"),
)
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def covered(text: str) -> str:
    """Return a text with stars in place of identity, phone and plate numbers and mail addresses."""
    plain = text.translate(_FULL_WIDTH)
    for kind in _KINDS:
        for found in kind.finditer(plain):
            start, end = found.span()
            text = text[:start] + "*" * (end - start) + text[end:]
    return text
