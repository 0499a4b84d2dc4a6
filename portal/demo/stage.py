"""What the parts of the demo share: today, the clock times before it, and rows made so far."""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.accounts.models import Account
from portal.club.models import LegalText
from portal.extensions import db
from portal.members.models import Member
from portal.projects.models import Building, Project, Unit

ZONE = "Asia/Shanghai"


@dataclass
class Stage:
    """One load of the demo."""

    rng: random.Random
    today: date
    password_hash: str
    legal_texts: list[LegalText] = field(default_factory=list)
    projects: dict[str, Project] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    buildings: dict[tuple[int, str], Building] = field(default_factory=dict)

    def day(self, days_ago: int) -> date:
        """Return the date some days before today."""
        return self.today - timedelta(days=days_ago)

    def moment(self, days_ago: int, hour: int = 10, minute: int = 0) -> datetime:
        """Return an aware moment some days before today, in the club's zone."""
        return datetime.combine(self.day(days_ago), time(hour, minute), ZoneInfo(ZONE))

    def unit(
        self,
        project: Project,
        building: str,
        entrance: str,
        number: str,
        *,
        area: int | None = None,
        handover_on: date | None = None,
    ) -> Unit:
        """Add a home, and its building when it is the first there."""
        place = project.id, building
        if place not in self.buildings:
            self.buildings[place] = Building(project_id=project.id, name=building)
            db.session.add(self.buildings[place])
            db.session.flush()
        unit = Unit(
            project_id=project.id,
            building_id=self.buildings[place].id,
            entrance=entrance,
            number=number,
            area=area,
            handover_on=handover_on,
        )
        db.session.add(unit)
        db.session.flush()
        return unit
