"""Complaints of the demo: one of each kind, with answers, a refusal, ratings, neighbours."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from plugins.complaints import (
    bursts,
    deciding,
    handling,
    looks,
    posting,
    promising,
    sanctions,
    settings,
)
from plugins.complaints.casework import acting_at
from plugins.complaints.models import Act, Canned, Case, Category, Post
from plugins.complaints.posting import Draft
from plugins.complaints.states import ActKind, Frontline, Level, Ring
from portal.sdk import Demo, MemberRef, ProjectRef, db, homes_of

_TEXTS = (
    ("reply", "首次答复", "您好，您的投诉已收到，我们今天会联系您并安排现场查看。"),
    ("ask", "请补充照片", "为了尽快定位问题，请您补充一张现场照片，并写明出现的时间。"),
    ("propose", "维修完成", "维修已完成并复测合格，请您确认是否解决。"),
)


class _Story:
    """Tells one project's complaints at moments of the past."""

    def __init__(self, project: ProjectRef, demo: Demo) -> None:
        self.project, self.demo = project, demo
        rows = db.session.scalars(sa.select(Category).where(Category.project_id == project.id))
        self.categories = {each.key: each for each in rows}

    def hand_in(
        self,
        member: MemberRef,
        at: datetime,
        key: str,
        title: str,
        body: str,
        ring: Ring = Ring.ALIAS,
        place: str = "",
    ) -> Case:
        with acting_at(at):
            return posting.submit(
                member=member,
                project=self.project,
                draft=Draft(
                    category=self.categories[key],
                    home=homes_of(member, self.project)[0],
                    title=title,
                    body=body,
                    ring=ring,
                    frontline=Frontline.HOME,
                    at_home=not place,
                    place=place,
                ),
            )

    def answer(
        self, case: Case, at: datetime, step: str, body: str, *, group: bool = False
    ) -> None:
        with acting_at(at):
            handling.answer(
                actor=self.demo.staff["centre" if group else "staff"],
                rank=Level.GROUP if group else Level.PROJECT,
                case_id=case.id,
                project=self.project,
                step=step,
                body=body,
                version=case.version,
            )

    def join(self, case: Case, members: list[MemberRef], at: datetime) -> None:
        with acting_at(at):
            for member in members:
                posting.me_too(case_id=case.id, member=member)

    def say(self, case: Case, member: MemberRef, at: datetime, body: str) -> None:
        with acting_at(at):
            posting.reply(case_id=case.id, member=member, project=self.project, body=body)

    def refuse(self, case: Case, member: MemberRef, at: datetime, reason: str) -> None:
        with acting_at(at):
            deciding.refuse(
                case_id=case.id,
                member=member,
                project=self.project,
                reason=reason,
                version=case.version,
            )

    def accept(self, case: Case, member: MemberRef, at: datetime, rating: int) -> None:
        with acting_at(at):
            deciding.accept(
                case_id=case.id,
                member=member,
                project=self.project,
                rating=rating,
                version=case.version,
            )


def fill(project: ProjectRef, demo: Demo) -> None:
    """Make the complaints of a project; few people make few."""
    settings.first_categories(project)
    db.session.add_all(
        Canned(project_id=project.id, step=step, title=title, body=body)
        for step, title, body in _TEXTS
    )
    handlers = demo.staff["staff"], demo.staff["manager"]
    for row in db.session.scalars(sa.select(Category).where(Category.project_id == project.id)):
        if row.key != "service":
            taker = handlers[row.key in ("sales", "order")]
            row.handler_id, row.handler = taker.id, taker.display_name
    people = [each for each in demo.residents if homes_of(each, project)][:40]
    owner = demo.members["owner"]
    if not people:
        return
    story, moment = _Story(project, demo), demo.moment
    neighbours = [each for each in people if each.household_id != owner.household_id] or people
    first, second, third, *_ = neighbours * 3
    mine = owner if homes_of(owner, project) else first

    slide = story.hand_in(
        second, moment(26, 10), "facilities", "儿童乐园滑梯螺丝松动", "孩子滑下来时会晃。",
        place="中心花园儿童乐园",
    )  # fmt: skip
    story.answer(slide, moment(26, 15), "propose", "已更换全部紧固件，并请第三方复检合格。")
    story.accept(slide, second, moment(24, 20), 5)
    lift = story.hand_in(
        mine, moment(9, 22, 14), "lift", "2 号楼电梯夜间异响，已两周",
        "从 15 楼下行到 9 楼时有金属摩擦声，晚上十点以后**特别明显**，孩子会被惊醒。",
    )  # fmt: skip
    story.join(lift, neighbours[2:18], moment(6, 20))
    story.say(lift, third, moment(8, 8, 2), "我家也听到了，凌晨一点最响。")
    story.answer(lift, moment(8, 10, 10), "reply", "已受理，今天安排维保单位检测。")
    story.answer(lift, moment(6, 11), "reply", "已约第三方机构明天上门检测。")
    story.answer(lift, moment(4, 15), "reply", "第三方检测完成：9 – 11 层导轨接头偏移 1.8 毫米。")
    story.answer(
        lift, moment(2, 16, 20), "propose",
        "已更换导靴并校正，复测 42 分贝，低于限值 55 分贝。请您确认。",
    )  # fmt: skip
    garage = story.hand_in(
        first, moment(5, 9), "parking", "地下车库 B2 雨后积水，车轮泡水",
        "每次下雨 B2 东区都积水，排水沟盖板下面是堵的。", place="地下车库 B2 东区",
    )  # fmt: skip
    story.join(garage, neighbours[1:40], moment(4, 8))
    story.answer(garage, moment(5, 14), "propose", "已清理排水沟。")
    story.refuse(garage, first, moment(3, 20), "昨天下雨又积水了，没有找到原因。")
    story.answer(garage, moment(1, 11), "reply", "集团已派工程专家到场排查集水井。", group=True)
    locker = story.hand_in(
        third, moment(2, 11), "order", "南门快递柜早晚高峰堵住消防通道", "担架和轮椅都过不去。",
        place="南门",
    )  # fmt: skip
    story.answer(locker, moment(2, 16), "reply", "已通知快递公司，今天现场重新划线。")
    story.hand_in(
        second, moment(1, 17), "finish", "精装橱柜门板起皮", "厨房左侧两扇门板。", Ring.PRIVATE
    )
    story.hand_in(
        first, moment(1, 10), "service", "保洁两天没有打扫 3 单元大堂", "门口有纸箱和污水。",
        place="3 单元大堂",
    )  # fmt: skip
    _moderate(story, garage, neighbours)
    bursts.scan(project)
    for case, defect in ((slide, "grounds"), (lift, "lift"), (garage, "plumbing")):
        promising.classify(
            actor=demo.staff["staff"], case_id=case.id, defect=defect, version=case.version
        )
    with acting_at(moment(1, 15)):
        promising.promise(
            actor=demo.staff["staff"],
            case_id=lift.id,
            project=project,
            body="全楼 6 部电梯完成同项检查，并公示结果",
            due_on=demo.today + timedelta(days=18),
            version=lift.version,
        )


def _moderate(story: _Story, case: Case, neighbours: list[MemberRef]) -> None:
    """Let a reply be hidden and appealed, another one be held, and a third one be reported."""
    demo, moment = story.demo, story.demo.moment
    writers = [*neighbours[3:6], *neighbours[:3]][:3]
    if len(writers) < 3:
        return
    angry, careless, loud = writers
    story.say(case, angry, moment(4, 9, 5), "物业这帮人都是饭桶，谁来谁挨骂！")
    said = db.session.scalars(
        sa.select(Post).where(Post.case_id == case.id, Post.member_id == angry.id)
    ).first()
    assert said is not None
    with acting_at(moment(4, 9, 30)):
        moderator = demo.staff["moderator"]
        look = looks.look(actor=moderator, case_id=case.id, post_id=said.id, project=story.project)
        looks.decide(
            actor=moderator,
            group=False,
            review_id=look.id,
            project=story.project,
            kind=ActKind.HIDE,
            reason="abuse",
            note="请就事论事，您反映的积水问题照常办理。",
        )
        hidden = db.session.scalars(sa.select(Act).where(Act.post_id == said.id)).first()
        assert hidden is not None
        sanctions.appeal(act_id=hidden.id, member=angry, body="话说重了，可水确实泡了我的车。")
    story.say(case, careless, moment(0, 8, 20), "有图有真相，加我 13800138000 发视频。")
    story.say(case, loud, moment(0, 7, 45), "专业疏通下水道，价格优惠。")
    advert = db.session.scalars(
        sa.select(Post).where(Post.case_id == case.id, Post.member_id == loud.id)
    ).first()
    if advert is not None:
        with acting_at(moment(0, 8)):
            looks.report(
                case_id=case.id,
                post_id=advert.id,
                member=angry,
                project=story.project,
                reason="advert",
                body="每栋楼都在发",
            )
