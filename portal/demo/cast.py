"""Who is who in the demo: the people to sign in as, and the neighbours whose cases wait."""

from dataclasses import dataclass

from portal.demo.names import named_phone
from portal.members.models import Salutation
from portal.permissions.roles import RoleName

PASSWORD = "demo-password"  # noqa: S105 — printed for everybody who tries the demo


@dataclass(frozen=True)
class Player:
    """A member of the cast; `number` makes the phone, `joined` is days before today."""

    key: str
    number: int
    name: str
    salutation: Salutation
    card: str
    joined: int
    email: str | None = None
    about_zh: str = ""
    about_en: str = ""

    @property
    def phone(self) -> str:
        """Return the fictional phone in E.164."""
        return named_phone(self.number)


@dataclass(frozen=True)
class Worker:
    """Someone of the staff: the role, and the project it is for (none: the whole club)."""

    email: str
    number: int
    name: str
    role: RoleName
    project: str | None
    about_zh: str
    about_en: str

    @property
    def phone(self) -> str:
        """Return the fictional phone in E.164."""
        return named_phone(self.number)


@dataclass(frozen=True)
class Waiting:
    """Someone whom the roster names and who has not joined yet."""

    number: int
    name: str
    project: str
    building: str
    entrance: str
    door: str

    @property
    def phone(self) -> str:
        """Return the fictional phone in E.164."""
        return named_phone(self.number)


MS, MR = Salutation.MS, Salutation.MR

OWNER = Player(
    "owner", 1, "林晓芸", MS, "88021946", 1243, "owner@demo.test",
    "业主：滨江府两处房产，一家四口", "owner of two homes in Binjiang, household of four",
)  # fmt: skip
SPOUSE = Player(
    "spouse", 2, "陈建国", MR, "88021947", 1190, "spouse@demo.test",
    "共有人：林晓芸的先生", "co-owner, husband of 林晓芸",
)  # fmt: skip
NEW_OWNER = Player(
    "newowner", 3, "陈明", MR, "60317725", 1, "newowner@demo.test",
    "新业主：四季苑的认领在核对中", "new owner, claim in review in Four Seasons Court",
)  # fmt: skip
MEMBERS = (
    OWNER,
    SPOUSE,
    NEW_OWNER,
    Player("tenant", 4, "黄思远", MR, "41760283", 212),
    Player("settled", 5, "周敏", MS, "73905518", 903),
    Player("disputer", 6, "吴海涛", MR, "25084467", 12),
    Player("refused", 7, "孙丽", MS, "90412236", 20),
    Player("asked", 8, "郑凯", MR, "37761092", 6),
    Player("queued", 9, "冯雪", MS, "58829310", 2),
    Player("unknown", 10, "何志强", MR, "69207754", 3),
)

_BINJIANG = "binjiang"
STAFF = (
    Worker("staff@demo.test", 51, "苏静", RoleName.STAFF, _BINJIANG,
           "滨江府 会员服务专员", "club staff of Binjiang"),
    Worker("verifier@demo.test", 52, "韩磊", RoleName.VERIFIER, _BINJIANG,
           "滨江府 案场判客专员", "sales-office verifier of Binjiang"),
    Worker("moderator@demo.test", 53, "唐宁", RoleName.MODERATOR, _BINJIANG,
           "滨江府 论坛版主", "forum moderator of Binjiang"),
    Worker("manager@demo.test", 54, "高远", RoleName.MANAGER, _BINJIANG,
           "滨江府 项目经理", "project manager of Binjiang"),
    Worker("finance@demo.test", 55, "沈洁", RoleName.FINANCE, None,
           "集团财务", "finance of the club"),
    Worker("leader@demo.test", 56, "陆国华", RoleName.LEADER, None,
           "集团领导", "group leader"),
    Worker("centre@demo.test", 57, "方芸", RoleName.CENTRE, None,
           "集团客户关系中心", "group centre, all projects"),
    Worker("auditor@demo.test", 58, "秦朗", RoleName.AUDITOR, _BINJIANG,
           "问卷审计员", "survey auditor"),
    Worker("admin@demo.test", 59, "罗欣", RoleName.ADMINISTRATOR, None,
           "系统管理员", "administrator"),
)  # fmt: skip

WAITING = (
    Waiting(101, "许文静", _BINJIANG, "10栋", "", "902"),
    Waiting(102, "张伟", "siji", "6栋", "1单元", "804"),
    Waiting(103, "罗建平", _BINJIANG, "10栋", "", "1001"),
    Waiting(104, "谢雅琴", _BINJIANG, "10栋", "", "1002"),
    Waiting(105, "董海", _BINJIANG, "11栋", "", "301"),
    Waiting(106, "马春燕", _BINJIANG, "11栋", "", "302"),
    Waiting(107, "袁立", _BINJIANG, "11栋", "", "1203"),
    Waiting(108, "邓颖", "siji", "6栋", "2单元", "301"),
)
