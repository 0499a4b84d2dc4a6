"""A forum of any size: complaints and replies copied in the database, with their words."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from plugins.complaints import posting, settings
from plugins.complaints.models import Case, Category, Clock, Post
from plugins.complaints.posting import Draft
from plugins.complaints.states import Frontline, Ring
from plugins.complaints.text import grams
from portal.extensions import db
from portal.members.models import Member
from portal.plugin_host.refs import member_ref, project_ref
from portal.projects.models import Project
from portal.sdk import homes_of
from tests import factories
from tests.plugin_host.conftest import switch_on

REPLIES = 20
APART = 1_000_000_000
"""Between the ids of two forums."""
_WHERE = ("2 号楼", "3 单元大堂", "地下车库", "南门", "儿童乐园", "屋顶", "消防通道", "中心花园")
_WHAT = (
    "电梯",
    "水管",
    "路灯",
    "门禁",
    "排水沟",
    "防火门",
    "充电桩",
    "垃圾房",
    "外墙",
    "监控",
    "草坪",
)
_HOW = (
    "夜间异响",
    "漏水",
    "积水",
    "损坏",
    "无人打扫",
    "堵塞",
    "松动",
    "脱落",
    "闪烁",
    "停用",
    "生锈",
)
_SAID = ("请尽快处理", "已经两周了", "孩子会被惊醒", "昨天又出现", "希望公示结果", "我家也是")
RARE = "白蚁"
"""A word that one complaint in a thousand has."""


def title_of(number: int) -> str:
    """Return the title of the complaint of a number."""
    how = RARE if number % 1000 == 7 else _HOW[number // 7 % len(_HOW)]
    return f"{_WHERE[number % len(_WHERE)]}{_WHAT[number // 3 % len(_WHAT)]}{how}"


def sentences() -> list[str]:
    """Return what replies say."""
    return [f"{what}{how}，{said}。" for what in _WHAT for how in _HOW for said in _SAID]


def sentence_of(number: int, place: int) -> int:
    """Return which sentence stands at a place of a thread."""
    return (number * 7 + place * 131) % (len(_WHAT) * len(_HOW) * len(_SAID))


def fill(project: Project, member: Member, number: int) -> str:
    """Make `number` complaints with REPLIES replies each; return the newest one's address part.

    `project` has the plugin on already when it has complaints; then it gets a first one.
    """
    switch_on("complaints", project)
    where, who = project_ref(project), member_ref(member)
    settings.first_categories(where)
    lift = db.session.scalars(
        sa.select(Category).where(Category.project_id == project.id, Category.key == "lift")
    ).one()
    draft = Draft(lift, homes_of(who, where)[0], title_of(0), "…", Ring.ALIAS, Frontline.ALIAS)
    first = posting.submit(member=who, project=where, draft=draft)
    reply = posting.reply(case_id=first.id, member=who, project=where, body=sentences()[0])
    db.session.commit()
    _copy_all(first, reply, number)
    _words(first, number)
    db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))
    return f"c{first.id}-{number:09d}"


def _copy_all(first: Case, reply: Post, number: int) -> None:
    start, tag = first.id * APART, f"{first.id}-"
    ago = "now() - interval '1 minute' * (:number - n)"
    case = {
        "id": f"{start} + n",
        "public_id": f"'c{tag}' || lpad(n::text, 9, '0')",
        "number": "n + 1",
        "title": "(CAST(:titles AS text[]))[1 + n % :title_count]",
        "replies": str(REPLIES),
        "active_at": ago,
        "created_at": ago,
        "due_at": ago,
    }
    values = {"titles": _TITLES, "title_count": len(_TITLES)}
    _copy(Case, first.id, case, number, values)
    for clock in db.session.scalars(sa.select(Clock).where(Clock.case_id == first.id)).all():
        mine = {
            "id": f"{clock.id} + {start} + n * 1000",
            "public_id": f"'{clock.kind[0]}{tag}' || lpad(n::text, 9, '0')",
            "case_id": f"{start} + n",
            "due_at": ago,
        }
        _copy(Clock, clock.id, mine, number)
    for place in range(REPLIES):
        mine = {
            "id": f"{start} + n * {REPLIES} + {place}",
            "public_id": f"'p{place}-{tag}' || lpad(n::text, 9, '0')",
            "case_id": f"{start} + n",
            "body": f"(CAST(:said AS text[]))[1 + (n * 7 + {place} * 131) % :said_count]",
            "created_at": f"{ago} + interval '1 second' * {place}",
        }
        said = sentences()
        _copy(Post, reply.id, mine, number, {"said": said, "said_count": len(said)})


_TITLES = [title_of(n) for n in range(21000)]


def _copy(
    model: Any,
    template_id: int,
    changed: Mapping[str, str],
    number: int,
    values: Mapping[str, Any] | None = None,
) -> None:
    """Copy one row `number` times, some of its columns as expressions over n."""
    table = model.__table__
    names = [column.name for column in table.columns]
    chosen = [changed.get(name, f't."{name}"') for name in names]
    quoted = ", ".join(f'"{name}"' for name in names)
    statement = (
        f"INSERT INTO {table.name} ({quoted}) SELECT {', '.join(chosen)} "  # noqa: S608 our names
        f"FROM {table.name} t, generate_series(1, :number) n WHERE t.id = :template"
    )
    given = {"number": number, "template": template_id, **(values or {})}
    db.session.execute(sa.text(statement), given)


def _words(first: Case, number: int) -> None:
    """Write what the complaints are found by, the indexes built afterwards."""
    said = [set(grams(each)) for each in sentences()]
    db.session.execute(
        sa.text("ALTER TABLE complaints_gram DROP CONSTRAINT uq_complaints_gram_gram")
    )
    db.session.execute(sa.text("DROP INDEX ix_complaints_gram_case_id"))
    # The keys are sound, and checking millions of them one by one takes longer than all the rest.
    db.session.execute(sa.text("SET LOCAL session_replication_role = replica"))
    db.session.execute(sa.text("SET LOCAL statement_timeout = 0"))
    raw = db.session.connection().connection.driver_connection
    assert raw is not None
    columns = "public_id, case_id, project_id, gram, in_title, created_at"
    with (
        raw.cursor() as cursor,
        cursor.copy(f"COPY complaints_gram ({columns}) FROM STDIN") as copy,
    ):
        for n in range(1, number + 1):
            title = set(grams(_TITLES[n % len(_TITLES)]))
            every = title.union(*(said[sentence_of(n, place)] for place in range(REPLIES)))
            for place, gram in enumerate(every):
                tag, case_id = f"g{first.id}-{n}-{place}", first.id * APART + n
                row = (tag, case_id, first.project_id, gram, gram in title)
                copy.write_row((*row, "2026-01-01T00:00:00Z"))
    db.session.execute(
        sa.text(
            "ALTER TABLE complaints_gram ADD CONSTRAINT uq_complaints_gram_gram "
            "UNIQUE (project_id, gram, case_id)"
        )
    )
    db.session.execute(
        sa.text("CREATE INDEX ix_complaints_gram_case_id ON complaints_gram (case_id)")
    )


def make_place() -> tuple[Project, Member]:
    """Make another project, with an owner who reads."""
    number = db.session.scalar(sa.select(sa.func.count(Project.id)))
    project = factories.make_project(slug=f"forum{number}")
    return project, factories.make_owner(project)
