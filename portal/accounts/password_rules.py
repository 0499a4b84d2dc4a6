"""Which passwords are too easy, said in a sentence each.

zxcvbn knows English words, dates and keyboards; it knows no pinyin, so love phrases and
name-and-number passwords are looked for here.
"""

import re
import unicodedata

from flask import current_app

from portal.i18n import Text, lazy
from portal.leaked import has_leaked

SHORTEST = 10
LONGEST = 128
LEAST_SCORE = 3
_ZXCVBN_LONGEST = 72

# The sounds of Mandarin: initial + final, and the syllables without an initial.
_SYLLABLE = (
    r"(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:iang|iong|uang|ang|eng|ing|ong|iao|ian|uai|uan|van|uen|"
    r"ai|ei|ao|ou|an|en|in|un|vn|ia|ie|iu|ua|uo|ui|ue|ve|er|a|o|e|i|u|v)"
)
_NAME_OR_PHRASE = re.compile(rf"(?:{_SYLLABLE}){{1,4}}")
_LUCKY = re.compile(r"(?:520|521|1314|5201314|7758|168|888|666|999|123|321|000|111)+")
_COMMON = (
    "woaini", "wobuaini", "iloveyou", "aini", "wodemima", "mima", "woaiwojia", "laopo", "laogong",
    "baobei", "yeshizhu", "yezhu", "zhongguo", "beijing", "shanghai", "hangzhou", "shenzhen",
    "wangyi", "qwerty", "asdfgh", "zxcvbn", "1qaz2wsx", "password", "admin", "abc123", "a123456",
)  # fmt: skip


class WeakPasswordError(Exception):
    """The password is not accepted; `sentence` says why."""

    def __init__(self, sentence: Text) -> None:
        super().__init__(str(sentence))
        self.sentence = sentence


def check_password(password: str, *, own_words: tuple[str, ...] = ()) -> None:
    """Accept a password of 10 to 128 characters that is hard to guess and has not leaked.

    `own_words`: phone, e-mail address and name of the account. Raises WeakPasswordError.
    """
    if len(password) < SHORTEST:
        raise WeakPasswordError(lazy("Use at least 10 characters."))
    if len(password) > LONGEST:
        raise WeakPasswordError(lazy("Use at most 128 characters."))
    plain = unicodedata.normalize("NFKC", password).lower()
    if _holds_own_word(plain, own_words):
        raise WeakPasswordError(
            lazy("Do not use your phone number, e-mail address or name in the password.")
        )
    if len(set(plain)) < 5:
        raise WeakPasswordError(lazy("Use more different characters."))
    letters = re.sub(r"[\W_]", "", plain)
    if letters.isdigit():
        raise WeakPasswordError(lazy("Numbers alone are guessed first. Add a few words."))
    if _is_pinyin(letters):
        raise WeakPasswordError(
            lazy(
                "Common words or pinyin with a few numbers are guessed first. "
                "Choose something less usual."
            )
        )
    if _score(password, own_words) < LEAST_SCORE:
        raise WeakPasswordError(
            lazy("This password is easy to guess. Try several words that do not belong together.")
        )
    leaked = current_app.extensions["portal.settings"].leaked_passwords
    if leaked is not None and has_leaked(password, leaked):
        raise WeakPasswordError(
            lazy("This password is in a list of leaked ones. Choose another, for every site.")
        )


def _holds_own_word(plain: str, own_words: tuple[str, ...]) -> bool:
    digits = re.sub(r"\D", "", plain)
    for word in own_words:
        number = re.sub(r"\D", "", word)
        if len(number) >= 8 and number[-8:] in digits:
            return True
        name = word.partition("@")[0].lower()
        if len(name) >= 5 and name in plain:
            return True
    return False


def _is_pinyin(plain: str) -> bool:
    """Tell whether only common words, known numbers or a name's few syllables are left."""
    rest = plain
    for word in _COMMON:
        rest = rest.replace(word, "")
    if len(_LUCKY.sub("", rest)) < 4:
        return True
    # Up to four syllables are a name or a phrase, whatever digits stand between; a longer run is
    # a sentence, which zxcvbn may judge.
    return _NAME_OR_PHRASE.fullmatch(re.sub(r"[0-9]", "", plain)) is not None


def _score(password: str, own_words: tuple[str, ...]) -> int:
    # Loaded with the first new password only: its word lists take 13 MB.
    from zxcvbn import zxcvbn

    result = zxcvbn(password[:_ZXCVBN_LONGEST], user_inputs=list(own_words))
    return int(result["score"])
