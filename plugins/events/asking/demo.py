"""What activities of the demo's season ask, and what some neighbours answered."""

from plugins.events.asking.answers import Given
from plugins.events.asking.keeping import keep_answers, seats_in_order
from plugins.events.asking.questions import Kind, Per, Question
from plugins.events.models import Occurrence, Registration
from plugins.events.policy import Terms
from plugins.events.states import Seat

_DIET = Question(
    Kind.SEVERAL, Per.PERSON, required=False,
    title={"zh_Hans_CN": "有忌口吗", "zh_Hant": "有忌口嗎", "en": "Anything they do not eat"},
    choices=(
        {"zh_Hans_CN": "素食", "zh_Hant": "素食", "en": "Vegetarian"},
        {"zh_Hans_CN": "不吃牛肉", "zh_Hant": "不吃牛肉", "en": "No beef"},
        {"zh_Hans_CN": "花生过敏", "zh_Hant": "花生過敏", "en": "Allergic to peanuts"},
    ),
    key="d1e7000001",
)  # fmt: skip
_SIZE = Question(
    Kind.ONE, Per.PARTY, required=True,
    title={"zh_Hans_CN": "跑步服尺码", "zh_Hant": "跑步服尺碼", "en": "Size of the running shirt"},
    choices=tuple({"zh_Hans_CN": size, "en": size} for size in ("S", "M", "L", "XL")),
    key="d1e7000002",
)  # fmt: skip
_NOTE = Question(
    Kind.SHORT, Per.PARTY, required=False,
    title={"zh_Hans_CN": "还有什么要告诉我们", "zh_Hant": "還有什麼要告訴我們",
     "en": "Anything else we should know"},
    key="d1e7000003",
)  # fmt: skip
_LEVEL = Question(
    Kind.ONE,
    Per.PARTY,
    required=True,
    title={"zh_Hans_CN": "摄影基础", "zh_Hant": "攝影基礎", "en": "How much you have done"},
    choices=(
        {"zh_Hans_CN": "刚入门", "zh_Hant": "剛入門", "en": "Just beginning"},
        {"zh_Hans_CN": "会用相机", "zh_Hant": "會用相機", "en": "I know my camera"},
        {"zh_Hans_CN": "常年拍摄", "zh_Hant": "常年拍攝", "en": "For years"},
    ),
    key="d1e7000004",
)
_BY_APPROVAL = "江岸摄影小班"
_ASKED = {_BY_APPROVAL: (_LEVEL, _NOTE), "露天电影夜": (_DIET, _NOTE), "周末晨跑": (_SIZE, _NOTE)}
_GUESTS = {"露天电影夜": 2}


def add_questions(occurrence: Occurrence) -> None:
    """Let an activity of the season ask something, by its title."""
    title = occurrence.event.title["zh_Hans_CN"]
    occurrence.event.questions = [each.as_json() for each in _ASKED.get(title, ())]
    occurrence.by_approval = title == _BY_APPROVAL
    occurrence.guests_most = _GUESTS.get(title, 0)


def answer(made: Registration, occurrence: Occurrence, number: int, key: str) -> None:
    """Let a neighbour answer: every one a size, every fifth something to know."""
    given = []
    if occurrence.event.title["zh_Hans_CN"] == "周末晨跑":
        given.append(Given(_SIZE.key, "", str(number % 4)))
    if occurrence.by_approval:
        given.append(Given(_LEVEL.key, "", str(number % 3)))
    if made.state == Seat.PENDING:
        made.asked_under = Terms.of(occurrence).mark()
    if occurrence.event.questions and number % 5 == 0:
        given.append(Given(_NOTE.key, "", "会晚到十分钟"))
    if given:
        keep_answers(made, given, seats_in_order(made, [key]))
