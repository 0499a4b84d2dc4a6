"""A plugin that misbehaves as `MOOD` says; the tests set it."""

import sys
import time

from portal.sdk import Card, MemberHome, NavItem, ProjectRef, StaffWidget, db, hookimpl

MOOD = {"member_home": "well"}


@hookimpl
def nav_items() -> list[NavItem]:
    return _act("nav_items", [])


@hookimpl
def staff_widgets(project: ProjectRef) -> list[StaffWidget]:
    return _act("staff_widgets", [])


@hookimpl
def member_home(project: ProjectRef) -> MemberHome:
    template = (
        "hostile/broken.html" if MOOD.get("member_home") == "template" else "hostile/card.html"
    )
    return _act("member_home", MemberHome(cards=(Card(template, "hostile card"),)))


@hookimpl
def check_plugin_enable(project: ProjectRef, plugin: str) -> list[str]:
    return _act("check_plugin_enable", [])


def _act(hook: str, value: object) -> object:
    mood = MOOD.get(hook)
    if mood == "raises":
        raise RuntimeError("hostile on purpose")
    if mood == "exits":
        sys.exit("hostile exit")
    if mood == "wrong_type":
        return "<b>a string</b>"
    if mood == "breaks_transaction":
        db.session.execute(db.text("SELECT nothing FROM nowhere"))
    if mood == "writes":
        db.session.execute(db.text("UPDATE project SET slug = 'taken'"))
    if mood == "slow":
        time.sleep(1.05)
    return value
