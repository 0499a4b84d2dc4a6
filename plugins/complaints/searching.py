"""What finds a thread: the list's own words, similar complaints, and the portal's search."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from plugins.complaints import text
from plugins.complaints.models import Case, Gram, Post
from plugins.complaints.states import Kind, PostState, Ring, State, Veil
from plugins.complaints.words import STATES
from portal.sdk import Findable, Hit, ProjectRef, db, drop_document, index_document, may

KIND = "complaints.case"
_FEW = 200
GONE = (State.REJECTED, State.MERGED)
"""Nobody finds these but the household and the staff."""


def add_words(case: Case, *texts: str, title: bool = False) -> None:
    """Let a thread be found by more words; those that it has stay as they are."""
    found = text.grams(*texts)
    known = set(
        db.session.scalars(
            sa.select(Gram.gram).where(
                Gram.project_id == case.project_id, Gram.case_id == case.id, Gram.gram.in_(found)
            )
        )
    )
    db.session.add_all(
        Gram(case_id=case.id, project_id=case.project_id, gram=gram, in_title=title)
        for gram in found
        if gram not in known
    )
    db.session.flush()


def rebuild_words(case: Case) -> None:
    """Find a thread by what it shows now."""
    db.session.execute(sa.delete(Gram).where(Gram.case_id == case.id))
    add_words(case, case.title, title=True)
    shown = db.session.scalars(
        sa.select(Post.body).where(
            Post.case_id == case.id, Post.kind != Kind.NOTE, Post.state == PostState.SHOWN
        )
    )
    add_words(case, case.code, case.body, *shown)


def matching(project_id: int, question: str) -> list[sa.ColumnElement[bool]]:
    """Return the conditions under which a case has every word of a question.

    One statement looks which gram is the rarest: from its few cases the others are tried. The
    database's own guess takes a gram that is nowhere for an ordinary one.
    """
    whole, beginnings = text.wanted(question)
    if not whole and not beginnings:
        return [sa.false()]
    rarest, many = _rarest(project_id, whole)
    if rarest is not None and not many:
        return [sa.false()]
    mine = sa.select(Gram.case_id).where(Gram.project_id == project_id)
    conditions: list[sa.ColumnElement[bool]] = []
    if rarest is not None and many < _FEW:
        few = mine.where(Gram.gram == rarest).limit(_FEW).cte("few")
        conditions.append(Case.id.in_(sa.select(few.c.case_id)))
        conditions += [
            sa.exists().where(
                Gram.project_id == project_id, Gram.gram == gram, Gram.case_id == Case.id
            )
            for gram in whole
            if gram != rarest
        ]
    else:
        conditions += [Case.id.in_(mine.where(Gram.gram == gram)) for gram in whole]
    conditions += [
        Case.id.in_(mine.where(Gram.gram >= start, Gram.gram < f"{start}\U0010ffff"))
        for start in beginnings
    ]
    return conditions


def _rarest(project_id: int, grams: Sequence[str]) -> tuple[str | None, int]:
    """Return the gram that the fewest cases have, and how many, counted up to _FEW."""
    if not grams:
        return None, 0
    counts = []
    for gram in grams:
        some = sa.select(Gram.case_id).where(Gram.project_id == project_id, Gram.gram == gram)
        number = sa.select(sa.func.count()).select_from(some.limit(_FEW).subquery())
        counts.append(number.scalar_subquery())
    found = db.session.execute(sa.select(*counts)).one()
    many, gram = min(zip(found, grams, strict=True))
    return gram, many


def put_into_search(case: Case, project: ProjectRef) -> None:
    """Let the portal's search find a case: neighbours what is public, the household its own."""
    if case.state in GONE:
        drop_document(kind=KIND, key=case.public_id)
        return
    index_document(
        kind=KIND,
        key=case.public_id,
        title=case.title,
        body=case.body,
        url=_url(project, case.public_id),
        audiences=_audiences(case),
        project=project,
        names=[case.code],
    )


def all_documents(project: ProjectRef) -> Iterator[Findable]:
    """Return everything of a project for a rebuilt index, 200 at a time."""
    after = 0
    while True:
        mine = sa.select(Case).where(
            Case.project_id == project.id, Case.id > after, Case.state.not_in(GONE)
        )
        some = db.session.scalars(mine.order_by(Case.id).limit(200)).all()
        if not some:
            return
        after = some[-1].id
        for case in some:
            yield Findable(
                KIND,
                case.public_id,
                case.title,
                _url(project, case.public_id),
                _audiences(case),
                case.body,
                [case.code],
            )


def describe(project: ProjectRef, keys: Sequence[str]) -> list[Hit]:
    """Return how found cases are shown now; staff are led to their own page."""
    staff = may("complaints.view")
    rows = db.session.scalars(
        sa.select(Case).where(Case.project_id == project.id, Case.public_id.in_(keys))
    )
    return [
        Hit(
            case.public_id,
            case.title,
            f"{case.code} · {STATES[case.state][0]}",
            "messages",
            _url(project, case.public_id, staff=staff),
        )
        for case in rows
    ]


def _audiences(case: Case) -> list[str]:
    public = case.ring != Ring.PRIVATE and case.veil == Veil.NONE
    who = "project" if public else f"household:{case.household_id}"
    return [who, "permission:complaints.view"]


def _url(project: ProjectRef, public_id: str, *, staff: bool = False) -> str:
    return f"/p/{project.slug}/{'staff/' if staff else ''}complaints/{public_id}"
