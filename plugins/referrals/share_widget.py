"""The staff's home: the share of contracts by referral, hot below the set share."""

from plugins.referrals import figures
from plugins.referrals.exclusions import NAME
from portal.sdk import ProjectRef, StaffWidget, business_date, lazy, plugin_settings


def share_widgets(project: ProjectRef) -> list[StaffWidget]:
    """Return the widget of the share, none where no share is set or nothing was sold."""
    least = plugin_settings(NAME, project)["least_share"] or 0
    if not least:
        return []
    share = figures.whole(figures.months(project, business_date(project.time_zone))).share
    if share is None:
        return []
    low = share < least
    hint = lazy("below the set share") if low else lazy("of all contracts in twelve months")
    return [
        StaffWidget(
            lazy("Share of referrals, percent"), int(share), hint, "referrals_staff.figures",
            "referrals.rules", hot=low,
        )
    ]  # fmt: skip
