"""A wave as the list of owners and their home show it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import format_datetime, get_locale

from plugins.surveys.answering.finding import Found
from plugins.surveys.answering.standing import open_until, refusal
from plugins.surveys.answering.words import NOTICES
from portal.sdk import ProjectRef, gettext, localized


@dataclass(frozen=True)
class Listed:
    """A wave in the list; `code`: why it takes no answer, "" when it does."""

    public_id: str
    title: Mapping[str, str]
    code: str
    until: str
    begun: bool

    @property
    def open(self) -> bool:
        """Tell whether it waits for an answer, now or after a pause."""
        return self.code in ("", "PAUSED", "NOT_OPEN")


@dataclass(frozen=True)
class HomeRow:
    """A wave on the home."""

    url: str
    title: str
    hint: str


@dataclass(frozen=True)
class HomeCard:
    """The waves that wait for the owner, and where all of them are."""

    url: str
    rows: tuple[HomeRow, ...]


def listed(found: Found, at: datetime) -> Listed:
    """Return a wave as the list shows it."""
    wave = found.wave
    code = refusal(wave, found.asked, at, found.begun_at)
    ends = until(open_until(wave, at))
    return Listed(wave.public_id, wave.title, code, ends, found.draft is not None)


def until(at: datetime | None) -> str:
    """Return a moment as people say it, "" for none."""
    if at is None:
        return ""
    english = str(get_locale()) == "en"
    return str(format_datetime(at, "EEE d MMM, HH:mm" if english else "M月d日 EEE HH:mm"))


def home_card(project: ProjectRef, found: Iterable[Found]) -> HomeCard:
    """Return what the home shows of waves that wait."""
    url = f"/p/{project.slug}/surveys/"
    rows = []
    for each in found:
        hint = str(NOTICES[each.wave.mode][0])
        if each.wave.closes_at is not None:
            hint = gettext("Until %(day)s", day=until(each.wave.closes_at)) + " · " + hint
        rows.append(HomeRow(f"{url}{each.wave.public_id}", localized(each.wave.title), hint))
    return HomeCard(url, tuple(rows))
