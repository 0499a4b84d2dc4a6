"""Open answers sorted: the code book of a question, who sorts, and what each text was sorted as."""

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.sdk import Identified, db, foreign_key

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
FIRST, SECOND, DECIDER = 1, 2, 3
"""The seats at a question: two who sort apart from each other, one who decides differences."""


class Code(Identified, db.Model):
    """A code of a question, for all waves of its survey; only `retired` ever changes."""

    __tablename__ = "surveys_code"
    __table_args__ = (
        sa.CheckConstraint("number >= 1", name="number"),
        sa.UniqueConstraint("survey_id", "question", "number", name="uq_surveys_code_number"),
    )

    survey_id: Mapped[int] = foreign_key("surveys_survey.id", index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    question: Mapped[str] = mapped_column(sa.String(30))
    number: Mapped[int] = mapped_column(sa.SmallInteger)
    title: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)
    retired: Mapped[bool] = mapped_column(default=False)
    made_by: Mapped[int] = mapped_column(BIG)


class Coder(Identified, db.Model):
    """Who has a seat at a question of a wave: three seats, three persons. `item`: its position."""

    __tablename__ = "surveys_coder"
    __table_args__ = (
        sa.CheckConstraint("seat IN (1, 2, 3)", name="seat"),
        sa.UniqueConstraint("wave_id", "item", "seat", name="uq_surveys_coder_seat"),
        sa.UniqueConstraint("wave_id", "item", "account_id", name="uq_surveys_coder_person"),
    )

    wave_id: Mapped[int] = foreign_key("surveys_wave.id", index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    item: Mapped[int] = mapped_column(sa.SmallInteger)
    seat: Mapped[int] = mapped_column(sa.SmallInteger)
    account_id: Mapped[int] = mapped_column(BIG)


class Coding(db.Model):
    """What a text was sorted as at a seat; no code: none fits. No moment is kept."""

    __tablename__ = "surveys_coding"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["ballot_id", "item"],
            ["surveys_side_answer.ballot_id", "surveys_side_answer.item"],
            name="fk_surveys_coding_text",
            ondelete="RESTRICT",
        ),
        {"sqlite_with_rowid": False},
    )

    ballot_id: Mapped[int] = mapped_column(BIG, primary_key=True)
    item: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    seat: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    project_id: Mapped[int] = foreign_key("project.id")
    code_id: Mapped[int | None] = foreign_key("surveys_code.id")
