"""A setting of every kind, and a page that shows what is in force."""

from datetime import time

from flask import Blueprint

from portal.sdk import (
    Card,
    MemberHome,
    ProjectRef,
    Setting,
    SettingKind,
    current_project,
    hookimpl,
    member_only,
    plugin_settings,
)

blueprint = Blueprint("dials", __name__)


@blueprint.get("/p/<project>/dials/")
@member_only
def page() -> str:
    settings = plugin_settings("dials", current_project())
    return ";".join(f"{key}={value}" for key, value in settings.items() if key != "key")


@hookimpl
def register_blueprints() -> list[Blueprint]:
    return [blueprint]


@hookimpl
def member_home(project: ProjectRef) -> MemberHome:
    limit = plugin_settings("dials", project)["limit"]
    return MemberHome(cards=(Card("dials/card.html", limit),))


@hookimpl
def register_settings() -> list[Setting]:
    return [
        Setting("pickup", "Pick-up point", SettingKind.TEXT, hint="Owners see it", most=40),
        Setting("greeting", "Greeting", SettingKind.TEXTS, default={"zh_Hans_CN": "您好"}),
        Setting("limit", "Monthly limit", SettingKind.NUMBER, default=1, least=0, most=10),
        Setting("fee", "Fee", SettingKind.MONEY, default=1250, least=0, most=100_000),
        Setting("notify", "Tell owners", SettingKind.YES_NO, default=True),
        Setting(
            "rhythm",
            "Rhythm",
            SettingKind.CHOICE,
            default="weekly",
            choices=(("daily", "Every day"), ("weekly", "Every week")),
        ),
        Setting("tint", "Tint", SettingKind.COLOR),
        Setting("opens_on", "Opens on", SettingKind.DATE),
        Setting("opens_at", "Opens at", SettingKind.TIME, default=time(9, 30)),
        Setting("brand", "Brand", SettingKind.TEXT, per_project=False, most=400),
        Setting("key", "Key of the gateway", SettingKind.SECRET),
    ]
