"""What is asked when registering: checked, kept, shown, changed without touching what was said."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.events import privacy, registering
from plugins.events.asking import keeping, writing
from plugins.events.asking.answers import check, shown
from plugins.events.asking.guests import Guest
from plugins.events.asking.models import Answer
from plugins.events.asking.parties import Asked
from plugins.events.asking.questions import Question, all_questions, questions_of
from plugins.events.errors import EventError
from plugins.events.models import Quota, Registration, SeatRow, Share
from plugins.events.policy import Terms
from plugins.events.states import Counts, State
from portal import clock
from portal.extensions import db
from tests import factories
from tests.api.conftest import call
from tests.plugins.events.test_households import born, family
from tests.plugins.events.test_pages import DESK, LIST

__all__ = ["born", "call", "family"]
FOOD = Question("one", "person", True, {"zh_Hans_CN": "餐食"}, [{"zh_Hans_CN": "素"}, {"zh_Hans_CN": "荤"}], key="food")  # fmt: skip # noqa: E501
CAR = Question("short", "party", False, {"zh_Hans_CN": "车牌号"}, key="car")
KIDS = Question("number", "party", False, {"zh_Hans_CN": "童车"}, key="kids")
MANY = Question("several", "party", False, {"zh_Hans_CN": "游戏"}, FOOD.choices, key="many")


def wrong(typed, questions=(FOOD, CAR, KIDS, MANY), persons=("a", "b")):
    with pytest.raises(EventError) as found:
        check(questions, persons, typed)
    return found.value.code, set(found.value.errors)


def test_what_does_not_fit_has_a_sentence_each(app):
    with app.test_request_context():
        both = {"food.a": ["0"], "food.b": ["1"]}
        assert wrong({"food.a": ["0"]}) == ("BAD_ANSWERS", {"food.b"})
        assert wrong({"food.a": ["2"], "food.b": ["0", "1"]})[1] == {"food.a", "food.b"}
        for value in ("1.5", "x", "9" * 10):
            assert wrong({**both, "kids": [value]})[1] == {"kids"}
        assert wrong({**both, "car": ["车" * 201]})[1] == {"car"}
        assert wrong({**both, "gone": ["1"]})[0] == "QUESTIONS_CHANGED"
        given = check([FOOD, CAR, KIDS, MANY], ["a", "b"], {
            **both, "food.c": ["9"], "car": [" 沪A\x00 "], "kids": ["-0"], "many": ["1", "0", "1"],
        })  # fmt: skip
        assert [(each.question, each.person, each.value) for each in given] == [
            ("food", "a", "0"), ("food", "b", "1"), ("car", "", "沪A"), ("kids", "", "0"),
            ("many", "", "0,1"),
        ]  # fmt: skip
        assert shown(MANY, "0,1") == "素 · 荤"


@pytest.fixture
def asking(make_activity):
    """An activity that asks for the food of each person and the car of the party, with a guest."""

    def make(*questions, **values):
        occurrence = make_activity(**values)
        occurrence.event.questions = [each.as_json() for each in questions or (FOOD, CAR)]
        db.session.commit()
        return occurrence

    return make


def come(place, occurrence, people, answers, guests=(), **values):
    made = registering.register(
        occurrence_id=occurrence.id,
        member=place.owner,
        project=place.ref,
        terms_seen=Terms.of(occurrence).mark(),
        at=clock.now(),
        party=[each.public_id for each in people],
        asked=Asked(guests, answers),
        **values,
    )
    db.session.commit()
    return made


def test_a_family_is_asked_and_everybody_concerned_reads_it(app, client, place, family, asking):
    occurrence, me = asking(), place.member.public_id
    owner = factories.sign_in(client, place.member)
    child = family[1].public_id
    page = f"{LIST}{occurrence.public_id}"
    assert "餐食" in owner.get(page).text
    form = {
        "terms": Terms.of(occurrence).mark(), "household": "1", "person": [me, child],
        f"answer-food.{me}": "0", "answer-car": "=沪A·12345",
    }  # fmt: skip
    refused = owner.post(f"{page}/register", data=form)
    assert refused.status_code == 422
    assert "=沪A·12345" in refused.text
    assert f'id="answer-food.{child}-error"' in refused.text
    assert refused.text.count("请回答这一项") == 1
    made = owner.post(f"{page}/register", data={**form, f"answer-food.{child}": "1"})
    assert made.status_code == 303
    ticket = owner.get(made.location).text
    assert "陈小满" in ticket
    assert "=沪A·12345" in ticket
    staff = factories.sign_in(app.test_client(), place.writer)
    desk = f"{DESK}{occurrence.public_id}"
    code = db.session.scalars(sa.select(Registration.ticket)).one()
    for address in (desk, f"{desk}/door?q={code}"):
        assert "=沪A·12345" in staff.get(address).text
    with staff.post(f"{desk}/export.csv") as answer:
        text = answer.data.decode("utf-8-sig")
    assert "'=沪A·12345" in text
    assert "陈小满: 荤" in text
    told = privacy.export_of(place.owner)[1].rows
    assert {row["answer"] for row in told} == {"素", "荤", "=沪A·12345"}
    privacy.erase(place.owner)
    assert db.session.scalar(sa.select(sa.func.count(Answer.id))) == 0


def test_what_has_answers_is_retired_and_what_has_none_is_changed(place, asking):
    occurrence = asking()
    me = place.member.public_id
    come(place, occurrence, [place.member], {f"food.{me}": ["0"], "car": ["沪A"]})
    act = {"actor": place.writer, "occurrence": occurrence}
    draft = Question("one", "person", False, FOOD.title, FOOD.choices)
    writing.write_question(**act, draft=draft, key="food")
    asked = questions_of(occurrence.event)
    # Only that nobody has to answer any more: the same question.
    assert [(each.key, each.required) for each in asked] == [("food", False), ("car", False)]
    writing.write_question(**act, draft=Question("yes_no", "party", False, CAR.title), key="car")
    assert [each.retired for each in all_questions(occurrence.event)] == [False, True, False]
    new = questions_of(occurrence.event)[1].key
    writing.move_up(**act, key=new)
    assert [each.key for each in questions_of(occurrence.event)] == [new, "food"]
    writing.take_out(**act, key=new)
    writing.take_out(**act, key="food")
    assert [each.key for each in all_questions(occurrence.event)] == ["food", "car"]
    for _ in range(writing.MOST):
        writing.write_question(**act, draft=Question("short", "party", False, CAR.title))
    with pytest.raises(EventError, match="TOO_MANY_QUESTIONS"):
        writing.write_question(**act, draft=CAR)


def test_staff_write_questions_on_pages(app, place, make_activity):
    occurrence = make_activity(State.DRAFT)
    staff = factories.sign_in(app.test_client(), place.writer)
    page = f"{DESK}{occurrence.public_id}/questions"
    assert "还没有提问" in staff.get(page).text
    form = {"kind": "one", "per": "person", "title_zh_Hans_CN": "衣服尺码"}
    for bad in ("", "大", "大\n大"):
        refused = staff.post(f"{page}/new", data={**form, "choices_zh_Hans_CN": bad})
        assert (refused.status_code, "衣服尺码" in refused.text) == (422, True)
    form["choices_zh_Hans_CN"] = "大\n小"
    assert staff.post(f"{page}/new", data={**form, "choices_en": "Large"}).status_code == 422
    assert staff.post(f"{page}/new", data={**form, "choices_en": "L\nS"}).status_code == 303
    question = questions_of(occurrence.event)[0]
    assert question.choices[1] == {"zh_Hans_CN": "小", "en": "S"}
    assert "衣服尺码" in staff.get(page).text
    assert "大\n小" in staff.get(f"{page}/{question.key}").text
    assert staff.post(f"{page}/{question.key}/move", data={"act": "take_out"}).status_code == 303
    assert staff.get(f"{page}/{question.key}").status_code == 404
    occurrence.state = State.IN_REVIEW
    db.session.commit()
    assert staff.post(f"{page}/new", data=form).status_code == 409


def test_guests_take_seats_and_have_a_host(place, family, asking):
    occurrence = asking(CAR, capacity=10, guests_most=2, household_most=4)
    where = {"occurrence_id": occurrence.id, "project_id": place.project.id}
    factories.add(Quota(**where, key="children", counts=Counts.CHILDREN, capacity=1))
    guests = [Guest("guest-1", " 王 小明 ", 9), Guest("guest-2", "王大明")]
    father = family[2]

    def refused(people, *guests):
        with pytest.raises(EventError) as found:
            come(place, occurrence, people, {}, guests)
        db.session.rollback()
        return found.value.code

    assert refused([place.member], *guests, guests[0]) == "TOO_MANY_GUESTS"
    assert refused([father], guests[1]) == "NO_HOST"
    assert refused([place.member], Guest("guest-1", "", 9)) == "BAD_GUEST"
    assert refused([place.member], Guest("guest-1", "x" * 81)) == "BAD_GUEST"
    assert refused([place.member], Guest("guest-1", "x", -1)) == "BAD_GUEST"
    # The guest and the child of the household: two children, one seat for them.
    assert refused([place.member, family[1]], guests[0]) == "NOT_ENOUGH_SEATS"
    assert refused([place.member, family[1], father], *guests) == "HOUSEHOLD_FULL"
    made = come(place, occurrence, [place.member, father], {}, guests)
    seats = db.session.scalars(sa.select(SeatRow).where(SeatRow.guest).order_by(SeatRow.id)).all()
    assert [(each.name, each.age) for each in seats] == [("王 小明", 9), ("王大明", None)]
    assert made.seats == 4
    assert db.session.scalars(sa.select(Share.seats)).one() == 4
    taken = dict(db.session.execute(sa.select(Quota.key, Quota.confirmed)).all())
    assert taken == {"total": 4, "children": 1}
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(
            sa.update(SeatRow).where(SeatRow.guest).values(member_id=place.member.id)
        )


def test_what_served_is_forgotten(app, place, asking):
    occurrence = asking(CAR, guests_most=1)
    guests = [Guest("guest-1", "王大明")]
    come(place, occurrence, [place.member], {"car": ["沪A"]}, guests)

    class Run:
        done = 0

        def checkpoint(self, *, done):
            db.session.commit()

    with app.test_request_context():
        keeping.forget(Run())
        assert db.session.scalar(sa.select(sa.func.count(Answer.id))) == 1
        occurrence.state = State.SETTLED
        for name in ("opens_at", "closes_at", "cancel_until", "starts_at", "ends_at"):
            setattr(occurrence, name, getattr(occurrence, name) - timedelta(days=100))
        db.session.commit()
        keeping.forget(Run())
    assert db.session.scalar(sa.select(sa.func.count(Answer.id))) == 0
    assert db.session.scalars(sa.select(SeatRow.name).where(SeatRow.guest)).one() == ""


def test_programs_answer_wish_and_bring_guests(call, place, family, asking):
    occurrence = asking(guests_most=1)
    where = {"occurrence_id": occurrence.id, "project_id": place.project.id}
    title = {"zh_Hans_CN": "大巴座位"}
    factories.add(Quota(**where, key="chosen:1", counts=Counts.CHOSEN, capacity=3, title=title))
    owner, me = call(place.member), place.member.public_id
    at = f"/p/binjiang/events/{occurrence.public_id}"
    shown = owner("GET", at).json
    assert [each["key"] for each in shown["questions"]] == ["food", "car"]
    wish = {
        "terms": shown["terms"], "guests": [{"name": "王小明", "age": 9}],
        "wishes": [{"key": shown["quotas"][0]["key"], "persons": 2}],
        "answers": [{"question": "food", "person": me, "values": ["1"]}],
    }  # fmt: skip
    refused = owner("POST", f"{at}/register", wish)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["food.guest-1"])
    wish["answers"].append({"question": "food", "person": "guest-1", "values": ["0"]})
    made = owner("POST", f"{at}/register", wish).json
    assert [(each["name"], each["guest"]) for each in made["persons"]][1] == ("王小明", True)
    said = [(each["text"], each["who"]) for each in made["said"]]
    assert said == [("2 persons", ""), ("荤", place.member.name), ("素", "王小明")]
    staff = call(place.writer)
    at = f"/p/binjiang/events/staff/{occurrence.public_id}"
    assert len(staff("GET", f"{at}/registrations").json["items"][0]["said"]) == 3
    late = {"act": "approve", "parties": [made["id"]]}
    # Confirmed already: the second yes changes nothing.
    assert staff("POST", f"{at}/requests", late).json["items"][0]["code"] is None
    no = {"act": "reject", "parties": [made["id"]]}
    assert staff("POST", f"{at}/requests", no).status_code == 422
    no["reason"] = "x"
    assert staff("POST", f"{at}/requests", no).json["items"][0]["code"] == "NOT_PENDING"
