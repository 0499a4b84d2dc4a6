"""What the plugin declares once: its permissions and its settings."""

from datetime import time

from plugins.complaints import words
from portal.sdk import Permission, RoleName, Setting, SettingKind, lazy

_R = RoleName
_ADMIN = frozenset({_R.ADMINISTRATOR})


def permissions() -> list[Permission]:
    """Return who sees, handles, moderates, takes over and sets up."""
    return [
        Permission(
            "complaints.view",
            lazy("See complaints"),
            _ADMIN | {_R.STAFF, _R.MANAGER, _R.MODERATOR, _R.CENTRE, _R.LEADER, _R.AUDITOR},
        ),
        Permission(
            "complaints.handle",
            lazy("Answer complaints and propose solutions"),
            _ADMIN | {_R.STAFF, _R.MANAGER, _R.CENTRE},
        ),
        Permission(
            "complaints.moderate",
            lazy("Moderate complaints: hide, mask, close threads, mute members"),
            _ADMIN | {_R.MODERATOR, _R.CENTRE},
        ),
        Permission(
            "complaints.city",
            lazy("Act for the city company on complaints"),
            _ADMIN | {_R.MANAGER},
        ),
        Permission(
            "complaints.centre",
            lazy("Take complaints over, overrule, look up who complained"),
            _ADMIN | {_R.CENTRE},
        ),
        Permission(
            "complaints.watch",
            lazy("See the group's morning page of complaints"),
            _ADMIN | {_R.CENTRE, _R.LEADER},
        ),
        Permission(
            "complaints.lead",
            lazy("Act for the group's leaders on complaints"),
            _ADMIN | {_R.LEADER},
        ),
        Permission(
            "complaints.set_up",
            lazy("Set up categories, working days and texts of complaints"),
            _ADMIN | {_R.MANAGER, _R.CENTRE},
        ),
    ]


def all_settings() -> list[Setting]:
    """Return the numbers of the clocks, the levels, the opening hours and the held words."""
    return [
        Setting(
            "levels",
            lazy("Levels that a case rises through"),
            SettingKind.CHOICE,
            default="group",
            choices=tuple(words.CHAINS.items()),
        ),
        _number("first_reply_hours", lazy("Business hours for the first answer"), 8, 200),
        _number("update_hours", lazy("Business hours for the next report of progress"), 24, 500),
        _number("lapse_days", lazy("Days that an owner has to decide"), 7, 60),
        _number("reopen_days", lazy("Days in which a lapsed case may be opened again"), 30, 365),
        _number("most_pauses", lazy("How often a clock may be paused"), 3, 20),
        _number("pause_days", lazy("Days that a clock may be paused in all"), 15, 90),
        _number("review_hours", lazy("Hours in which moderators look at what is held"), 24, 240),
        _number("replies_per_hour", lazy("Replies in an hour by who is new in the forum"), 5, 500),
        _number(
            "complaints_per_day", lazy("Complaints in a day by who is new in the forum"), 3, 500
        ),
        Setting(
            "held_words",
            lazy("Words that are held until a moderator has looked"),
            SettingKind.TEXT,
            most=2000,
        ),
        Setting(
            "legal_words",
            lazy("Words that rise to the group when nobody looks in time"),
            SettingKind.TEXT,
            most=2000,
        ),
        Setting("opens", lazy("A working day begins"), SettingKind.TIME, default=time(9)),
        Setting("closes", lazy("A working day ends"), SettingKind.TIME, default=time(18)),
        Setting("break_from", lazy("Break from"), SettingKind.TIME, default=time(12)),
        Setting("break_until", lazy("Break until"), SettingKind.TIME, default=time(13)),
    ]


def _number(key: str, title: object, default: int, most: int) -> Setting:
    return Setting(key, title, SettingKind.NUMBER, default=default, least=1, most=most)
