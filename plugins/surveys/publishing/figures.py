"""The figures document: what is published of a wave, from its sealed answers alone; pure.

It is one JSON value of whole numbers, the same to the last bit wherever it is computed. Changing
what it says, or how, takes another VERSION; former ones are computed as they were.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from plugins.surveys.figures import index, loyalty, nps, shares, suppression
from plugins.surveys.figures.intervals import Figure, wilson
from plugins.surveys.figures.redrawn import draws_for
from plugins.surveys.figures.weighting import Weights, post_stratify
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.items import CodeKind, Item, items
from plugins.surveys.instrument.parts import Kind, Role
from plugins.surveys.publishing.telling import (
    POINTS,
    SHARE,
    TENTHS,
    Table,
    Terms,
    by_stage,
    told,
    unweighted,
)
from plugins.surveys.results.meaning import always_asked
from plugins.surveys.results.showable import (
    bar,
    choices,
    may_average,
    may_be_loyal,
    may_count,
    may_subtract,
    may_tell_base,
    share,
)

VERSION = "2"
FORMER = "1"
"""Without the rule of means (`showable.may_average` and those beside it)."""
KNOWN = (FORMER, VERSION)
_GOOD = (4, 5)
_FIVE = set(range(1, 6))
_LISTED = (CodeKind.CHOICE, CodeKind.TICK)
_MILLIONTHS = 1_000_000
Told = dict[str, Any] | None


def compute(sealed: Mapping[str, Any], version: str = VERSION) -> dict[str, Any]:
    """Return the figures document of what `sealing.sealed` gives, as a version computes it."""
    return _Wave(sealed, version).document()


class _Wave:
    """The sealed answers, turned into columns."""

    def __init__(self, sealed: Mapping[str, Any], version: str) -> None:
        self.version = version
        instrument = read(sealed["instrument"])
        self.items = items(instrument)
        self.always = always_asked(instrument)
        ballots = sealed["ballots"]
        self.stages = [row[2] for row in ballots]
        # Where nobody answered each position is there all the same, and empty.
        answered = list(zip(*(row[1] for row in ballots), strict=True))
        self.columns = answered or [()] * len(self.items)
        self.numbers = [{each[0]: each[2] for each in row[7]} for row in ballots]
        self.asked = len(sealed["frame"])
        self.dimension_weights = sealed["weights"]
        weights = strata_weights(sealed["frame"], self.stages)
        self.terms = Terms(sealed["least"], sealed["seed"], len(ballots), weights)

    def document(self) -> dict[str, Any]:
        terms = self.terms
        enough = terms.size >= terms.least
        trio = self._trio() if enough else {}
        scored = next((each for each in self.items if each.question.kind == Kind.NPS), None)
        return {
            "version": self.version,
            "least": terms.least,
            "seed": terms.seed,
            "draws": draws_for(terms.size),
            "asked": self.asked,
            "answered": terms.size if enough else None,
            **{name: trio.get(name) for name in ("satisfied", "again", "recommend", "loyal")},
            "nps": self._nps(scored) if scored and enough else None,
            "effort": self._mean(self._role(Role.EFFORT), "effort") if enough else None,
            "gap": self._gap() if enough else None,
            **(self._recommended() if enough else {"recommended": None, "recommended_cut": None}),
            **self._index(enough=enough),
            "items": [self._item(each) if enough else _nothing(each) for each in self.items],
        }

    def _table(self, said: Iterable[Any]) -> Table:
        return Counter(
            (stage, each) for stage, each in zip(self.stages, said, strict=True) if each is not None
        )

    def _counts(self, item: Item) -> Counter[int]:
        return Counter(self.columns[item.position])

    def _role(self, *roles: Role) -> Item | None:
        fits = [
            each for each in self.items if each.kind == CodeKind.VALUE and set(each.codes) == _FIVE
        ]
        return next((each for role in roles for each in fits if each.role == role), None)

    def _share(self, said: Iterable[bool | None], name: str, *, complete: bool) -> Told:
        table = self._table(said)
        counts, least = unweighted(table), self.terms.least
        figure = share(wilson(counts[True], sum(counts.values())), least)
        parts = by_stage(table).values()
        return told(
            table,
            figure,
            lambda each: each.get(True, 0) / sum(each.values()) if each else None,
            terms=self.terms,
            name=name,
            kind=SHARE,
            complete=complete,
            weighable=all(min(part[True], part[False]) >= least for part in parts),
        )

    def _trio(self) -> dict[str, Told]:
        asked = {
            "satisfied": self._role(Role.OVERALL, Role.SATISFACTION),
            "again": self._role(Role.AGAIN),
            "recommend": self._role(Role.RECOMMEND),
        }
        found: dict[str, Told] = {}
        given: list[list[bool | None]] = []
        for name, item in asked.items():
            if item is None:
                continue
            said = [None if code < 0 else code in _GOOD for code in self.columns[item.position]]
            given.append(said)
            found[name] = self._share(said, name, complete=item.question.key in self.always)
        if len(given) == len(asked) and all(found.values()):
            found["loyal"] = self._loyal(given)
        return found

    def _loyal(self, given: Sequence[Sequence[bool | None]]) -> Told:
        """Return who said all three; not where "one, but not all three" would be a small group."""
        if not may_be_loyal(Counter(zip(*given, strict=True)), self.terms.least):
            return None
        every = [None if None in row else all(row) for row in zip(*given, strict=True)]
        return self._share(every, "loyal", complete=None not in every)

    def _nps(self, item: Item) -> Told:
        said = [_group(code) for code in self.columns[item.position]]
        table, counts = self._table(said), self._counts(item)
        groups, least = nps.groups(counts), self.terms.least
        if not suppression.nps_shown(groups.promoters, groups.passives, groups.detractors, least):
            return None
        found = told(
            table,
            nps.score(counts),
            _net,
            terms=self.terms,
            name="nps",
            kind=POINTS,
            complete=item.question.key in self.always,
            weighable=all(
                min(part[code] for code in (1, 0, -1)) >= least for part in by_stage(table).values()
            ),
        )
        sizes = (groups.promoters, groups.passives, groups.detractors)
        return found and {**found, "groups": self._shares(sizes, groups.base, item)}

    def _shares(self, sizes: Iterable[int], base: int, item: Item) -> list[int]:
        step = 1 if self._exact(item, base) else SHARE.coarse
        return [round(1000 * size / base / step) * step for size in sizes]

    def _exact(self, item: Item, base: int) -> bool:
        complete = item.question.key in self.always
        return may_tell_base(self.terms.size, base, self.terms.least, complete=complete)

    def _may_average(self, item: Item) -> bool:
        counts, least = self._counts(item), self.terms.least
        if self.version == FORMER:
            return shares.base(counts) >= least
        return may_average(counts, least)

    def _mean(self, item: Item | None, name: str) -> Told:
        if item is None or not self._may_average(item):
            return None
        said = [None if code < 0 else code for code in self.columns[item.position]]
        return self._mean_of(said, name, shares.mean(self._counts(item)))

    def _mean_of(self, said: Iterable[int | None], name: str, figure: Figure) -> Told:
        table = self._table(said)
        return told(
            table,
            figure,
            _mean,
            terms=self.terms,
            name=name,
            kind=TENTHS,
            complete=False,
            weighable=self._large(table),
        )

    def _large(self, table: Table) -> bool:
        return all(sum(part.values()) >= self.terms.least for part in by_stage(table).values())

    def _gap(self) -> Told:
        got, hoped = self._role(Role.OVERALL, Role.SATISFACTION), self._role(Role.EXPECTATION)
        if got is None or hoped is None:
            return None
        pairs = list(zip(self.columns[got.position], self.columns[hoped.position], strict=True))
        if self.version != FORMER and not may_subtract(Counter(pairs), self.terms.least):
            return None
        said = [None if min(pair) < 0 else pair[0] - pair[1] for pair in pairs]
        return self._mean_of(said, "gap", shares.gap(Counter(pairs)))

    def _recommended(self) -> dict[str, Told]:
        item = next((each for each in self.items if each.role == Role.RECOMMENDED_COUNT), None)
        none: dict[str, Told] = {"recommended": None, "recommended_cut": None}
        if item is None:
            return none
        numbers = [each.get(item.position) for each in self.numbers]
        said = [None if each is None else each // _MILLIONTHS for each in numbers]
        if any(each is not None and each < 0 for each in said):
            return none
        counts = Counter(each for each in said if each is not None)
        if self.version != FORMER and not may_count(counts, self.terms.least):
            return none
        found = loyalty.recommended(counts)
        cut = [None if each is None else min(each, found.cut or 0) for each in said]
        return {
            "recommended": self._mean_of(said, "recommended", found.raw),
            "recommended_cut": self._mean_of(cut, "recommended_cut", found.winsorised),
        }

    def _index(self, *, enough: bool) -> dict[str, Any]:
        """Return the index by dimension, each ballot's answers to a dimension taken together."""
        parts: dict[str, list[Item]] = {}
        for item in self.items:
            if item.dimension and item.kind == CodeKind.VALUE and set(item.codes) == _FIVE:
                fine = self._may_average(item)
                parts.setdefault(item.dimension, []).extend([item] if fine else [])
        names = sorted(parts)
        if not enough or not names:
            return {"index": None, "dimensions": dict.fromkeys(names)}
        said = {name: [_summed(row) for row in self._rows(parts[name])] for name in names}
        figures = {
            name: index.of_dimension(sum((self._counts(each) for each in parts[name]), Counter()))
            for name in names
        }
        weights = dict(self.dimension_weights) or dict.fromkeys(names, 1)
        if not any(weights.values()):
            weights = dict.fromkeys(names, 1)
        whole = list(zip(*(said[name] for name in names), strict=True))
        return {
            "index": self._indexed(
                [row if any(row) else None for row in whole],
                "index",
                index.whole(figures, weights),
                [weights.get(name, 0) for name in names],
            ),
            "dimensions": {
                name: self._indexed(
                    [(each,) if each else None for each in said[name]],
                    f"index:{name}",
                    figures[name],
                    [1],
                )
                for name in names
            },
        }

    def _rows(self, parts: Sequence[Item]) -> Iterable[tuple[int, ...]]:
        if not parts:
            return [()] * self.terms.size
        return zip(*(self.columns[each.position] for each in parts), strict=True)

    def _indexed(
        self, said: Iterable[Any], name: str, figure: Figure, weights: Sequence[int]
    ) -> Told:
        table = self._table(said)
        return told(
            table,
            figure,
            lambda each: _index_of(each, weights),
            terms=self.terms,
            name=name,
            kind=POINTS,
            complete=False,
            weighable=self._large(table),
        )

    def _item(self, item: Item) -> dict[str, Any]:
        counts, least = self._counts(item), self.terms.least
        base = shares.base(counts)
        found = _nothing(item)
        if base < least:
            return found
        found["base"] = base if self._exact(item, base) else None
        if item.kind == CodeKind.VALUE and set(item.codes) == _FIVE:
            shown = bar(counts, least)
            if shown:
                sizes = self._shares((size for _, size in shown.groups), base, item)
                codes = [list(each) for each, _ in shown.groups]
                found["groups"] = [list(each) for each in zip(codes, sizes, strict=True)]
                said = [None if code < 0 else code in _GOOD for code in self.columns[item.position]]
                always = item.question.key in self.always
                found["top"] = self._share(said, f"top:{item.key}", complete=always)
        elif item.kind in _LISTED or (item.kind == CodeKind.PLACE and item.part == "1"):
            lines = choices(counts, sorted(item.codes), least) or []
            sizes = self._shares((each.count or 0 for each in lines), base, item)
            found["groups"] = [
                [[each.code], None if each.count is None else size]
                for each, size in zip(lines, sizes, strict=True)
            ]
        return found


def strata_weights(frame: Sequence[Sequence[str]], stages: Sequence[str]) -> Weights:
    """Return the weights by stage; ballots without one stand for the stages that none names."""
    answered = Counter(stages)
    units = Counter(line[3] if line[3] in answered else "" for line in frame)
    if "" not in answered:
        units = Counter(line[3] for line in frame)
    known = {stage: number for stage, number in answered.items() if units[stage]}
    found = post_stratify(units, known)
    # A ballot of a stage that nobody is asked of cannot be weighted: it counts as one.
    return Weights({**dict.fromkeys(answered, 1.0), **found.by}, found.effective, found.missing)


def _nothing(item: Item) -> dict[str, Any]:
    return {"key": item.key, "position": item.position, "base": None, "groups": None, "top": None}


def _group(code: int) -> int | None:
    """Return 1 of a promoter, -1 of a detractor, 0 of others."""
    if code < 0:
        return None
    return 1 if code >= 9 else -1 if code <= 6 else 0


def _mean(counts: Mapping[int, Any]) -> float | None:
    whole = sum(counts[key] for key in sorted(counts))
    return sum(key * counts[key] for key in sorted(counts)) / whole if whole else None


def _net(counts: Mapping[int, Any]) -> float | None:
    found = _mean(counts)
    return None if found is None else 100 * found


def _summed(row: Sequence[int]) -> tuple[int, int] | None:
    """Return the sum and the number of a ballot's answers to one dimension; None for none."""
    given = [code for code in row if code >= 0]
    return (sum(given), len(given)) if given else None


def _index_of(counts: Mapping[Any, Any], weights: Sequence[int]) -> float | None:
    """Return the weighted mean of dimensions from 0 to 100; those without answers leave theirs."""
    total = value = 0.0
    keys = sorted(counts, key=repr)
    for place, weight in enumerate(weights):
        rows = [(key[place], counts[key]) for key in keys if key[place]]
        number = sum(said[1] * many for said, many in rows)
        if number and weight:
            mean = sum(said[0] * many for said, many in rows) / number
            value += weight * 100 * (mean - 1) / 4
            total += weight
    return value / total if total else None
