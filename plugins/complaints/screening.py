"""What of a text is held before neighbours read it: personal data, and words to look at.

Pure. Full-width signs, signs put in between, repeated and traditional characters hide no word.
"""

import re
from collections.abc import Iterable, Sequence

from portal.sdk import fold_text

_GAP = r"[\s\-_.·*—–]{0,2}"
_PHONE = re.compile(rf"(?<!\d)(?:\+?86{_GAP})?1[3-9]" + rf"(?:{_GAP}\d){{9}}(?!\d)")
_IDENTITY = re.compile(r"(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0\d|1[0-2])[0-3]\d\d{3}[\dXx](?!\d)")
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
    r"[A-HJ-NP-Z]·?[A-HJ-NP-Z0-9]{5,6}(?![A-Z0-9])"
)
_PERSONAL = (_IDENTITY, _PHONE, _PLATE)
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SEPARATOR = re.compile(r"[\W_]+")
_AGAIN = re.compile(r"(.)\1+")


def personal(text: str) -> list[str]:
    """Return the phone, identity and plate numbers in a text, as they stand in it."""
    plain = text.translate(_FULL_WIDTH)
    spans = {(found.start(), found.end()) for kind in _PERSONAL for found in kind.finditer(plain)}
    return [text[start:end] for start, end in sorted(spans)]


def mask(text: str) -> str:
    """Return a text whose personal numbers show their first three signs only."""
    plain = text.translate(_FULL_WIDTH)
    for kind in _PERSONAL:
        for found in reversed(list(kind.finditer(plain))):
            start, end = found.start() + min(3, len(found[0]) // 2), found.end()
            stars = "*" * (end - start)
            text, plain = text[:start] + stars + text[end:], plain[:start] + stars + plain[end:]
    return text


def words_of(setting: str) -> list[str]:
    """Return the words that a setting names, one line or comma apart."""
    return [word for word in re.split(r"[\s,，、;；]+", setting) if word]


def has_word(texts: Iterable[str], words: Sequence[str]) -> bool:
    """Tell whether one of these words is in the texts, however it is disguised."""
    wanted = [plain for word in words if (plain := _bare(word))]
    return any(word in bare for bare in map(_bare, texts) for word in wanted)


def _bare(text: str) -> str:
    """Return a text without what people hide words with."""
    return _AGAIN.sub(r"\1", _SEPARATOR.sub("", fold_text(text)))
