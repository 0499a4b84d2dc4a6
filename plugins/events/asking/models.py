"""What each party answered, one row for each answer; the questions stand with the activity."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.sdk import Identified, db, foreign_key, unique_where


class Answer(Identified, db.Model):
    """What a party said to a question, or of one person where the question asks each of them."""

    __tablename__ = "events_answer"
    __table_args__ = (
        unique_where(
            "uq_events_answer_party", "registration_id", "question", where="seat_id IS NULL"
        ),
        unique_where("uq_events_answer_person", "seat_id", "question", where="seat_id <> 0"),
        sa.Index("ix_events_answer_question", "question"),
    )

    registration_id: Mapped[int] = foreign_key("events_registration.id")
    project_id: Mapped[int] = foreign_key("project.id")
    seat_id: Mapped[int | None] = foreign_key("events_seat.id")
    # The key of a question of the activity: questions.Question.
    question: Mapped[str] = mapped_column(sa.String(20))
    # Words, a whole number, "yes" or "no", or the numbers of what was chosen: "0,2".
    value: Mapped[str] = mapped_column(sa.Text)
