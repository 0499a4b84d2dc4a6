"""Who sees whom. Nothing else may show the author of a complaint or of a reply.

Three rings: neighbours see an alias, or the home when the owner chose so; the staff of the project
see the alias or the home; the group may look up the member, which is logged and told to the owner.
"""

from dataclasses import dataclass

from plugins.complaints.models import Case, Post
from plugins.complaints.states import Frontline, Kind, Level, PostState, Ring, Veil
from portal.sdk import MemberRef, gettext


@dataclass(frozen=True)
class Reader:
    """Who reads: an owner with a household, or staff of a rank."""

    member: MemberRef | None = None
    staff: bool = False
    rank: Level = Level.PROJECT
    unsealed: bool = False

    def owns(self, case: Case) -> bool:
        """Tell whether it is the reader's own household's complaint."""
        return (
            not self.staff
            and self.member is not None
            and self.member.household_id == case.household_id
        )


def sees_home(case: Case, reader: Reader) -> bool:
    """Tell whether the reader may know which home complained."""
    if reader.owns(case) or reader.unsealed:
        return True
    if reader.staff:
        return case.frontline == Frontline.HOME
    return case.ring == Ring.HOME


def sees_words(case: Case, reader: Reader) -> bool:
    """Tell whether the reader sees a complaint that neighbours may not see now."""
    return case.veil == Veil.NONE or reader.staff or reader.owns(case)


def sees_post(post: Post, reader: Reader) -> bool:
    """Tell whether the reader sees a post that neighbours may not see now."""
    mine = reader.member is not None and post.member_id == reader.member.id
    return post.state == PostState.SHOWN or reader.staff or mine


def author(case: Case, reader: Reader) -> str:
    """Return how the owner who complained is called for this reader."""
    if sees_home(case, reader) and case.home:
        return case.home
    return gettext("Owner who complained")


def speaker(post: Post, case: Case, reader: Reader) -> str:
    """Return how the author of a post is called for this reader."""
    if post.kind != Kind.REPLY:
        return post.by
    if reader.member is not None and post.member_id == reader.member.id:
        return gettext("You")
    if post.voice == 0:
        return author(case, reader)
    return gettext("Neighbour %(number)s", number=post.voice)


def place(case: Case, reader: Reader) -> str:
    """Return what the complaint is about: a public place, or the home for who may know it."""
    if case.place:
        return case.place
    if sees_home(case, reader) and case.home:
        return case.home
    return gettext("An owner's home")
