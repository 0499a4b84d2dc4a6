"""The roster as a kind of list."""

from portal.i18n import lazy
from portal.roster.checking import Checker
from portal.roster.kinds import ROSTER_KIND, ImportKind, register
from portal.roster.known import Known
from portal.roster.mapping import ROSTER
from portal.roster.queries import claimed_and_free
from portal.roster.sentences import KINDS
from portal.roster.taking_back import DECIDABLE, take_back
from portal.roster.writing import write_entries

KIND = ImportKind(
    key=ROSTER_KIND,
    title=lazy("Roster"),
    audit="roster",
    columns=ROSTER,
    checker=Checker,
    known=Known,
    write=write_entries,
    take_back=take_back,
    kept_and_free=claimed_and_free,
    template=(
        "楼盘", "楼栋", "单元", "房号", "业主姓名", "手机", "证件号后四位", "关系", "交付日期",
        "建筑面积", "备注",
    ),
    figures={"new": lazy("New people"), "units": lazy("New homes")},
    fault_titles=KINDS,
    indexed=True,
    may_make_homes=True,
    decidable=DECIDABLE,
)  # fmt: skip
register(KIND)
