"""The words for an account's sessions, and those that its password may not hold."""

import re

from portal.accounts.models import Account, SignIn
from portal.i18n import Text, lazy

METHOD_TITLES: dict[str, Text] = {
    "code": lazy("With a code"),
    "password": lazy("With a password"),
    "reset": lazy("After a new password"),
    "passkey": lazy("With a passkey"),
}
# Apps and systems name others too ("Chrome … Safari"), so the first that fits is the one.
_APPS = (
    ("^API ", "API"),
    ("MicroMessenger", "WeChat"),
    ("Alipay", "Alipay"),
    ("DingTalk", "DingTalk"),
    ("EdgA?/|EdgiOS", "Edge"),
    ("QQBrowser", "QQ Browser"),
    ("UCBrowser", "UC Browser"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("MiuiBrowser", "Xiaomi Browser"),
    ("Firefox|FxiOS", "Firefox"),
    ("OPR/|Opera", "Opera"),
    ("Chrome|CriOS|Chromium", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("HarmonyOS|OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Macintosh|Mac OS", "Mac"),
    ("CrOS", "Chromebook"),
    ("Linux", "Linux"),
)
_PHONES = frozenset({"iPhone", "iPad", "HarmonyOS", "Android"})


def device_title(sign_in: SignIn) -> Text:
    """Return what people call the device and app of a session: "WeChat · iPhone"."""
    found = [
        name for name in (_first(_APPS, sign_in), _first(_SYSTEMS, sign_in)) if name is not None
    ]
    return " · ".join(found) if found else lazy("Unknown device")


def device_icon(sign_in: SignIn) -> str:
    """Return the icon of a session's device."""
    return "device-mobile" if _first(_SYSTEMS, sign_in) in _PHONES else "world"


def own_words(account: Account) -> tuple[str, ...]:
    """Return what everybody may know of the account: no password may hold it."""
    return tuple(word for word in (account.phone, account.email, account.display_name) if word)


def _first(names: tuple[tuple[str, str], ...], sign_in: SignIn) -> str | None:
    return next((name for sign, name in names if re.search(sign, sign_in.user_agent)), None)
