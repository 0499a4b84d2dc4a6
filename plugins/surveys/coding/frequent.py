"""The words that many answers share, by counting alone; pure.

Chinese puts no space between words, so every run of two to four characters is a candidate. One that
stands (nearly) always inside a longer one is dropped for it. Source: substring reduction after S.
Lü, L. Zhang, J. Hu, Statistical Substring Reduction in Linear Time, IJCNLP (2004).
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from portal.sdk import fold_text

_RUN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+|[a-z][a-z'\-]+")
_LONGEST = 4
_FUNCTION = frozenset(
    "的了是我在和也就都很不有没到得着过把被给让从向对与及或吗呢吧啊呀哦嘛这那哪它他她你您们个些此其为以于之而但"
    "又还再更最太非常能会要可想请去来说做用一二两三几多少每各次"
)
_PLAIN = frozenset({
    "the", "and", "for", "are", "was", "were", "not", "but", "with", "this", "that", "have", "has",
    "had", "our", "you", "your", "they", "from", "all", "too", "very", "can", "will", "been",
})  # fmt: skip


def frequent(texts: Iterable[str], least: int, most: int = 60) -> Sequence[tuple[str, int]]:
    """Return (word, number of texts that have it), the most frequent first; none below `least`.

    Of two words of which one lies in the other, the shorter is shown only if `least` texts or more
    have it without the longer: their difference tells nobody either.
    """
    counted: Counter[str] = Counter()
    for text in texts:
        counted.update(set(_words(fold_text(text))))
    common = {word: number for word, number in counted.items() if number >= least}
    kept: dict[str, int] = {}
    for word in sorted(common, key=lambda each: (-len(each), each)):
        inside = [number for longer, number in kept.items() if word in longer]
        if all(common[word] - number >= least for number in inside):
            kept[word] = common[word]
    return sorted(kept.items(), key=lambda each: (-each[1], each[0]))[:most]


def _words(text: str) -> Iterator[str]:
    for run in _RUN.findall(text):
        if run[0].isascii():
            if len(run) > 2 and run not in _PLAIN:
                yield run
            continue
        for size in range(2, _LONGEST + 1):
            for start in range(len(run) - size + 1):
                word = run[start : start + size]
                if not _FUNCTION.intersection(word):
                    yield word
