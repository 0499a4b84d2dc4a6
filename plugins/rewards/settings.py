"""What a project may set."""

from portal.sdk import Setting, SettingKind, lazy


def all_settings() -> list[Setting]:
    """Return every setting."""
    return [
        Setting(
            "desk",
            lazy("Where rewards are fetched"),
            SettingKind.TEXTS,
            hint=lazy("Shown with the code: the place and its hours."),
            most=120,
        ),
        Setting(
            "fetch_days",
            lazy("Days for which an order waits at the desk"),
            SettingKind.NUMBER,
            hint=lazy("Then the piece, the limit and the points go back."),
            default=14,
            least=1,
            most=180,
        ),
        Setting(
            "fee_days",
            lazy("Days in which the property company answers a fee credit"),
            SettingKind.NUMBER,
            hint=lazy("Then the points go back, and the owner is told."),
            default=30,
            least=1,
            most=180,
        ),
        Setting(
            "care_days",
            lazy("Days after which overdue care goes to the managers"),
            SettingKind.NUMBER,
            hint=lazy("They are told once for each task."),
            default=2,
            least=1,
            most=60,
        ),
    ]
