"""The club's own items, offered in every project: the pages of a catalogue, for the group."""

from werkzeug.wrappers import Response

from plugins.rewards import staff_views
from plugins.rewards.blueprint import group
from plugins.rewards.staff_views import Page
from portal.sdk import requires

__all__ = ["group"]

CLUB = "rewards.club"


@group.get("/centre/rewards/items/")
@requires(CLUB)
def index() -> str:
    """List the club's items."""
    return staff_views.index()


@group.post("/centre/rewards/items.<kind>")
@requires(CLUB)
def export_items(kind: str) -> Response:
    """Send the list as filtered as a file, and note who took it."""
    return staff_views.export_items(kind)


@group.route("/centre/rewards/items/new", methods=["GET", "POST"])
@requires(CLUB)
def new() -> Page:
    """Write an item of the club's."""
    return staff_views.new()


@group.route("/centre/rewards/items/<public_id>/edit", methods=["GET", "POST"])
@requires(CLUB)
def edit(public_id: str) -> Page:
    """Change an item of the club's."""
    return staff_views.edit(public_id)


@group.get("/centre/rewards/items/<public_id>")
@requires(CLUB)
def show(public_id: str) -> str:
    """Show an item of the club's with its stock."""
    return staff_views.show(public_id)


@group.post("/centre/rewards/items/<public_id>/offer")
@requires(CLUB)
def offer(public_id: str) -> Response:
    """Offer an item in every project, or withdraw it."""
    return staff_views.offer(public_id)


@group.post("/centre/rewards/items/<public_id>/stock")
@requires(CLUB)
def stock(public_id: str) -> Page:
    """Note pieces that came or went, or what was counted."""
    return staff_views.stock(public_id)
