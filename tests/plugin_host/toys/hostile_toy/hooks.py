"""A plugin that misbehaves as `MOOD` says, a word or a function; the tests set it."""

import sys
import time
from pathlib import Path

from flask import Blueprint, render_template

from portal.sdk import (
    Card,
    Demo,
    Hit,
    MemberHome,
    MemberTab,
    NavItem,
    ProjectRef,
    StaffWidget,
    db,
    hookimpl,
    public,
)

MOOD: dict[str, object] = {}
MOOD_FILE = Path(__file__).with_name("mood.txt")
"""Where a process of its own finds its mood: a line "hook mood" for each."""
blueprint = Blueprint("hostile", __name__)


@blueprint.get("/p/<project>/hostile/")
@public
def desk() -> str:
    return render_template("hostile/page.html")


@blueprint.get("/p/<project>/hostile/<int:number>")
@public
def numbered(number: int) -> str:
    return str(number)


@blueprint.get("/t/hostile/<token>")
@public
def linked() -> str:
    return "hostile link"


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [blueprint]


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
def member_tabs(project: ProjectRef) -> list[MemberTab]:
    return _act("member_tabs", [])


@hookimpl
def describe_hits(project: ProjectRef, keys: tuple[str, ...]) -> list[Hit]:
    return _act("describe_hits", [Hit(key, "told", "", "puzzle", "/") for key in keys])


@hookimpl
def check_plugin_enable(project: ProjectRef, plugin: str) -> list[str]:
    return _act("check_plugin_enable", [])


@hookimpl
def demo_data(project: ProjectRef, demo: Demo) -> None:
    return _act("demo_data", None)


WRONG_VALUES: dict[str, object] = {
    "wrong_type": "<b>a string</b>",
    "bad_link": [NavItem("x", "puzzle", "hostile.nowhere", "notes.manage", section="plugins")],
    "needs_more": [NavItem("x", "puzzle", "hostile.numbered", "notes.manage", section="plugins")],
    "foreign_link": [StaffWidget("x", 1, "", "notes.desk", "notes.manage")],
    "no_number": [StaffWidget("x", "many", "", "hostile.desk", "notes.manage")],
    "foreign_template": MemberHome(cards=(Card("home/owner.html", None),)),
    "bad_address": [Hit("loud", "x", "", "puzzle", "https://elsewhere.test/")],
    "half_made": MemberHome(todos=("a string",)),
}


def _written() -> dict[str, str]:
    lines = MOOD_FILE.read_text("utf-8").splitlines() if MOOD_FILE.exists() else []
    return dict(line.split() for line in lines)


def _act(hook: str, value: object) -> object:
    mood = (MOOD or _written()).get(hook)
    if callable(mood):
        return mood()
    if mood == "raises":
        raise RuntimeError("hostile on purpose")
    if mood == "exits":
        sys.exit("hostile exit")
    if mood in WRONG_VALUES:
        return WRONG_VALUES[mood]
    if mood == "breaks_transaction":
        db.session.execute(db.text("SELECT nothing FROM nowhere"))
    if mood == "writes":
        db.session.execute(db.text("UPDATE project SET slug = 'taken'"))
    if mood == "slow":
        time.sleep(1.05)
    return value
