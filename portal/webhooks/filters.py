"""What the lists of webhooks and of deliveries are narrowed to."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from portal.forms import tidy
from portal.projects.models import Project
from portal.webhooks.models import DeliveryState, Webhook, WebhookDelivery, WebhookState

TEXT_MAX = 80
CLUB = "-"
"""The choice of the whole club, where others are a project's slug."""


@dataclass(frozen=True)
class WebhookFilter:
    """Which webhooks to list; `text` is part of a name or of a host, in any case."""

    text: str = ""
    state: str = ""
    place: str = ""
    """A project's slug, CLUB, or empty for all."""

    @classmethod
    def read(cls, args: Mapping[str, str], slugs: Collection[str]) -> "WebhookFilter":
        """Return the filter in an address; what is no choice counts as none."""
        state, place = args.get("state", ""), args.get("project", "")
        return cls(
            text=str(tidy(args.get("q", "")))[:TEXT_MAX],
            state=state if state in set(WebhookState) else "",
            place=place if place == CLUB or place in slugs else "",
        )

    def args(self) -> dict[str, str]:
        """Return the address's part for this filter."""
        given = {"q": self.text, "state": self.state, "project": self.place}
        return {name: value for name, value in given.items() if value}

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return the conditions on webhooks."""
        found: list[sa.ColumnElement[bool]] = []
        if self.text:
            found.append(
                sa.or_(
                    Webhook.name.icontains(self.text, autoescape=True),
                    Webhook.host.icontains(self.text, autoescape=True),
                )
            )
        if self.state:
            found.append(Webhook.state == self.state)
        if self.place == CLUB:
            found.append(Webhook.project_id.is_(None))
        elif self.place:
            chosen = sa.select(Project.id).where(Project.slug == self.place).scalar_subquery()
            found.append(Webhook.project_id == chosen)
        return found


@dataclass(frozen=True)
class DeliveryFilter:
    """Which deliveries of a webhook to list."""

    state: str = ""
    kind: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str], kinds: Collection[str]) -> "DeliveryFilter":
        """Return the filter in an address; what is no choice counts as none."""
        state, kind = args.get("state", ""), args.get("event", "")
        return cls(
            state=state if state in set(DeliveryState) else "",
            kind=kind if kind in kinds else "",
        )

    def args(self) -> dict[str, str]:
        """Return the address's part for this filter."""
        given = {"state": self.state, "event": self.kind}
        return {name: value for name, value in given.items() if value}

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return the conditions on deliveries."""
        found: list[sa.ColumnElement[bool]] = []
        if self.state:
            found.append(WebhookDelivery.state == self.state)
        if self.kind:
            found.append(WebhookDelivery.kind == self.kind)
        return found
