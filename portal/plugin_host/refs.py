"""What plugins are given of core's rows: frozen facts, never the rows themselves."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from portal.accounts.models import Account
from portal.files.models import StoredFile
from portal.members.models import Member
from portal.projects.models import Project
from portal.projects.queries import address_title


@dataclass(frozen=True)
class ProjectRef:
    """A project as plugins see it."""

    id: int
    slug: str
    name: Mapping[str, str]
    time_zone: str


@dataclass(frozen=True)
class MemberRef:
    """A member as plugins see one; no phone, no address."""

    id: int
    public_id: str
    household_id: int
    account_id: int
    name: str


@dataclass(frozen=True)
class HomeRef:
    """A home as plugins see one: its unit's id for foreign keys, and the parts of its address.

    `area`: the floor area in hundredths of a square metre, None where it is not known;
    `handover_on`: the day of its handover, None before it is known.
    """

    id: int
    public_id: str
    building: str
    entrance: str
    number: str
    area: int | None = None
    handover_on: date | None = None

    @property
    def title(self) -> str:
        """Return the address as the reader writes it: "2 栋 1502", "Building 2, 1502"."""
        return address_title(self.building, self.entrance, self.number)


@dataclass(frozen=True)
class StaffRef:
    """An account of the staff as plugins see it; `id` is the account's."""

    id: int
    public_id: str
    name: str


@dataclass(frozen=True)
class Housemate:
    """Someone of a member's household: a member, or a person without an account.

    `key`: the public id of either; `member_id`: None for who has no account; `relation`: `member`,
    `spouse`, `child`, `parent` or `other`; `birth_month`: "2018-04" where it is known.
    """

    key: str
    name: str
    member_id: int | None
    relation: str
    birth_month: str | None


@dataclass(frozen=True)
class BuildingRef:
    """A building of a project as plugins see it."""

    id: int
    name: str


@dataclass(frozen=True)
class HouseRef:
    """A verified home as rules ask for it: where it is, what the member is to it (`owner`,
    `co_owner`, `spouse`, `tenant`), and since which day."""

    building_id: int
    building: str
    role: str
    since: date


@dataclass(frozen=True)
class HouseholdRef:
    """A member's household, the member first; the key of the member's tier, None for an unrated
    one; the member's homes in a project, none for one who only follows it."""

    mates: tuple[Housemate, ...]
    tier: str | None
    homes: tuple[HouseRef, ...]


@dataclass(frozen=True)
class TokenRef:
    """The token of the address: what it is for, and the project or the member it was issued for.

    `subject` is the plugin's own word; `expires_at` is None for one without an end.
    """

    purpose: str
    subject: str
    project: ProjectRef | None
    member: MemberRef | None
    expires_at: datetime | None


@dataclass(frozen=True)
class FileRef:
    """A stored file as plugins see it: `kind` and `key` name the thing that it belongs to.

    `size` in bytes; `width` and `height` in pixels, None for what is no picture.
    `account_id`: of the member whose it is, None for the club's own. `url`: where it is sent to
    those who may read it.
    """

    id: int
    public_id: str
    kind: str
    key: str
    name: str
    size: int
    width: int | None
    height: int | None
    account_id: int | None

    @property
    def url(self) -> str:
        """The file's address, the same for everybody."""
        return f"/files/{self.public_id}"


@dataclass(frozen=True)
class Demo:
    """What a plugin makes a project of the demo from: the same for the same seed.

    `today`: the project's date. `members`: by key, those to sign in as ("owner" is
    owner@demo.test) and others of the cast. `staff`: by key, accounts ("manager" is
    manager@demo.test). `residents`: up to 200 members with a home in the project. `settings`: put
    the values in that the plugin's settings are to have in the project.
    """

    rng: random.Random
    today: date
    time_zone: str
    members: Mapping[str, MemberRef]
    staff: Mapping[str, Account]
    residents: Sequence[MemberRef]
    settings: dict[str, Any] = field(default_factory=dict)

    def moment(self, days_ago: int, hour: int = 10, minute: int = 0) -> datetime:
        """Return an aware moment of the project some days before today; after it, if negative."""
        day = self.today - timedelta(days=days_ago)
        return datetime.combine(day, time(hour, minute), ZoneInfo(self.time_zone))


def project_ref(project: Project) -> ProjectRef:
    """Return a project's facts."""
    return ProjectRef(
        project.id, project.slug, MappingProxyType(dict(project.name)), project.time_zone
    )


def member_ref(member: Member) -> MemberRef:
    """Return a member's facts."""
    return MemberRef(
        member.id, member.public_id, member.household_id, member.account_id, member.name
    )


def file_ref(file: StoredFile) -> FileRef:
    """Return a stored file's facts."""
    return FileRef(
        id=file.id,
        public_id=file.public_id,
        kind=file.owner_kind,
        key=file.owner_key,
        name=file.original_name,
        size=file.size_bytes,
        width=file.width,
        height=file.height,
        account_id=file.uploaded_by_id,
    )


def as_ref(value: Any) -> Any:
    """Return the frozen facts of a core row; anything else as it is."""
    if isinstance(value, Project):
        return project_ref(value)
    if isinstance(value, Member):
        return member_ref(value)
    return value
