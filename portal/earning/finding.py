"""Finding rules of a book: by words, by what they are about, by project, by whether they gave."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from portal.earning.models import Book
from portal.earning.queries import RuleRow, page_of_rows
from portal.earning.sentences import rule_text
from portal.earning.words import CURRENCIES, rule_title, source_title
from portal.i18n import Text, lazy
from portal.pagination import Page
from portal.points.amounts import format_points
from portal.projects.models import Project

LONGEST_SEARCH = 60
STATES: dict[str, Text] = {"given": lazy("Has given points"), "idle": lazy("Gave nothing so far")}


@dataclass(frozen=True)
class Wanted:
    """Which rules of a book are asked for; an empty word asks for all."""

    search: str = ""
    source: str = ""
    state: str = ""
    project: str = ""

    def args(self) -> dict[str, str]:
        """Return the address's conditions, without the empty ones."""
        values = {
            "q": self.search,
            "source": self.source,
            "state": self.state,
            "project": self.project,
        }
        return {name: value for name, value in values.items() if value}


def wanted(args: Mapping[str, str]) -> Wanted:
    """Return what an address asks for; unknown words are left out."""
    state = args.get("state", "")
    return Wanted(
        args.get("q", "").strip()[:LONGEST_SEARCH],
        args.get("source", "")[:40],
        state if state in STATES else "",
        args.get("project", "")[:40],
    )


def found(rows: list[RuleRow], asked: Wanted) -> list[RuleRow]:
    """Return the rules that are asked for, in their order."""
    return [row for row in rows if _fits(row, asked)]


@dataclass(frozen=True)
class Listed:
    """Rules of a book as a page shows them: what is asked for, a page of it, and what there is."""

    asked: Wanted
    page: Page[RuleRow]
    found: int
    total: int
    sources: dict[str, str]
    projects: dict[str, Mapping[str, str]]


def listed(
    book: Book,
    rows: list[RuleRow],
    args: Mapping[str, str],
    projects: Iterable[Project] = (),
) -> Listed:
    """Return a page of a book's rules, of which an address asks for some."""
    asked = wanted(args)
    fit = found(rows, asked)
    return Listed(
        asked,
        page_of_rows(book, fit),
        len(fit),
        len(rows),
        {row.rule.source: source_title(row.rule.source) for row in rows},
        {project.slug: project.name for project in projects},
    )


def file_rows(rows: list[RuleRow]) -> Iterator[tuple[object, ...]]:
    """Yield rules as lines of a file: key, name, event, what it does, posted to, times, points."""
    for row in rows:
        rule = row.rule.definition
        yield (
            row.rule.key,
            rule_title(rule),
            source_title(row.rule.source),
            rule_text(rule),
            ", ".join(str(CURRENCIES[currency]) for currency in rule["to"]),
            row.times,
            format_points(row.points),
        )


def _fits(row: RuleRow, asked: Wanted) -> bool:
    rule = row.rule.definition
    if asked.source and row.rule.source != asked.source:
        return False
    if asked.state and (asked.state == "given") != bool(row.times):
        return False
    if asked.project and not may_hold_in(rule.get("when"), asked.project):
        return False
    words = " ".join((row.rule.key, *rule["title"].values(), rule_text(rule)))
    return asked.search.casefold() in words.casefold()


def may_hold_in(
    condition: Mapping[str, Any] | None, project: str, *, negated: bool = False
) -> bool:
    """Tell whether a rule's condition may hold for an event of a project, by its short name."""
    if not condition:
        return True
    if "not" in condition:
        return may_hold_in(condition["not"], project, negated=not negated)
    if "field" in condition:
        if condition["field"] != "project":
            return True
        value = condition["value"]
        named = project in (value if isinstance(value, list) else [value])
        return named != negated
    parts = condition.get("all") or condition.get("any") or ()
    each = [may_hold_in(part, project, negated=negated) for part in parts]
    return all(each) if ("all" in condition) != negated else any(each)
