"""What is wrong with a document or an answer: where, which mistake, and its facts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """A mistake: `path` tells where, `code` which one; `sentences.sentence` tells people."""

    path: str
    code: str
    values: Mapping[str, object] = field(default_factory=dict, compare=False)


class InstrumentError(Exception):
    """The document cannot be read; `problems` tells everything that is wrong with it."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{each.path}: {each.code}" for each in self.problems))
