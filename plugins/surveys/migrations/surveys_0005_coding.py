"""Open answers are sorted: code books, three seats at a question, and what each text is."""

import sqlalchemy as sa
from alembic import op

revision = "surveys_0005"
down_revision = "surveys_0004"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WAVE = (
    "(SELECT w.{} FROM surveys_wave w JOIN surveys_ballot b ON b.wave_id = w.id "
    "WHERE b.id = {}.ballot_id)"
)
_FOREIGN_CODE = (
    "(NEW.code_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM surveys_code c"
    f" WHERE c.id = NEW.code_id AND c.survey_id = {_WAVE.format('survey_id', 'NEW')}))"
)
_NO_SEAT = (
    "NOT EXISTS (SELECT 1 FROM surveys_coder s WHERE s.item = NEW.item AND s.seat = NEW.seat"
    f" AND s.wave_id = {_WAVE.format('id', 'NEW')})"
)


def _changed(differs: str, *columns: str) -> str:
    return "(" + " OR ".join(f"NEW.{each} {differs} OLD.{each}" for each in columns) + ")"


def _rules(differs: str, text: str) -> list[tuple[str, str, str, str]]:
    disagree = (
        "EXISTS (SELECT 1 FROM surveys_coding l JOIN surveys_coding r ON r.ballot_id = l.ballot_id"
        " AND r.item = l.item WHERE l.seat = 1 AND r.seat = 2 AND l.ballot_id = NEW.ballot_id"
        f" AND l.item = NEW.item AND l.code_id {differs} r.code_id)"
    )
    both = (
        "EXISTS (SELECT 1 FROM surveys_coding o WHERE o.ballot_id = OLD.ballot_id"
        " AND o.item = OLD.item AND o.seat = 3 - OLD.seat)"
    )
    fixed = _changed(differs, "survey_id", "project_id", "question", "number", "made_by")
    purging = "EXISTS (SELECT 1 FROM surveys_wave w WHERE w.{} = OLD.{} AND w.purging)"
    return [
        ("code", "UPDATE", "fixed", f"{fixed} OR NEW.title{text} {differs} OLD.title{text}"),
        ("code", "DELETE", "kept", f"NOT {purging.format('survey_id', 'survey_id')}"),
        (
            "coder",
            "UPDATE",
            "fixed",
            _changed(differs, "wave_id", "project_id", "item", "seat", "account_id"),
        ),
        ("coder", "DELETE", "kept", f"NOT {purging.format('id', 'wave_id')}"),
        (
            "coding",
            "INSERT",
            "sealed",
            f"{_WAVE.format('state', 'NEW')} NOT IN ('sealed', 'published', 'archived')"
            f" OR {_NO_SEAT} OR {_FOREIGN_CODE} OR (NEW.seat = 3 AND NOT {disagree})",
        ),
        (
            "coding",
            "UPDATE",
            "fixed",
            f"{_changed(differs, 'ballot_id', 'item', 'seat', 'project_id')}"
            f" OR {both} OR {_FOREIGN_CODE}",
        ),
        ("coding", "DELETE", "kept", f"NOT {_WAVE.format('purging', 'OLD')}"),
    ]


def _all_rules() -> list[tuple[str, str, str, str]]:
    if op.get_bind().dialect.name == "sqlite":
        return _rules("IS NOT", "")
    return _rules("IS DISTINCT FROM", "::text")


def _guard(table: str, act: str, name: str, when: str) -> None:
    full, trigger = f"surveys_{table}", f"surveys_{table}_{name}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {trigger} BEFORE {act} ON {full} WHEN {when} "
            f"BEGIN SELECT RAISE(ABORT, '{full}: {name}'); END"
        )
        return
    row = "OLD" if act == "DELETE" else "NEW"
    op.execute(
        f"CREATE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF {when} THEN RAISE EXCEPTION '{full}: {name}' "
        f"USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {row}; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {trigger} BEFORE {act} ON {full} FOR EACH ROW EXECUTE FUNCTION {trigger}()"
    )


def _unguard(table: str, name: str) -> None:
    trigger = f"surveys_{table}_{name}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {trigger}")
        return
    op.execute(f"DROP TRIGGER {trigger} ON surveys_{table}")
    op.execute(f"DROP FUNCTION {trigger}()")


def _identified() -> list[sa.Column]:
    return [
        sa.Column("id", _BIG, sa.Identity(always=False, cache=100), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = f"fk_surveys_{table}_{column}_{target}"
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="RESTRICT")


def upgrade() -> None:
    op.create_table(
        "surveys_code",
        *_identified(),
        sa.Column("survey_id", _BIG, nullable=False),
        sa.Column("project_id", _BIG, nullable=False),
        sa.Column("question", sa.String(length=30), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.Column("made_by", _BIG, nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_surveys_code_number")),
        _to("code", "survey_id", "surveys_survey"),
        _to("code", "project_id", "project"),
        sa.PrimaryKeyConstraint("id", name="pk_surveys_code"),
        sa.UniqueConstraint("public_id", name="uq_surveys_code_public_id"),
        sa.UniqueConstraint("survey_id", "question", "number", name="uq_surveys_code_number"),
    )
    op.create_index("ix_surveys_code_project_id", "surveys_code", ["project_id"])
    op.create_table(
        "surveys_coder",
        *_identified(),
        sa.Column("wave_id", _BIG, nullable=False),
        sa.Column("project_id", _BIG, nullable=False),
        sa.Column("item", sa.SmallInteger(), nullable=False),
        sa.Column("seat", sa.SmallInteger(), nullable=False),
        sa.Column("account_id", _BIG, nullable=False),
        sa.CheckConstraint("seat IN (1, 2, 3)", name=op.f("ck_surveys_coder_seat")),
        _to("coder", "wave_id", "surveys_wave"),
        _to("coder", "project_id", "project"),
        sa.PrimaryKeyConstraint("id", name="pk_surveys_coder"),
        sa.UniqueConstraint("public_id", name="uq_surveys_coder_public_id"),
        sa.UniqueConstraint("wave_id", "item", "seat", name="uq_surveys_coder_seat"),
        sa.UniqueConstraint("wave_id", "item", "account_id", name="uq_surveys_coder_person"),
    )
    op.create_index("ix_surveys_coder_project_id", "surveys_coder", ["project_id"])
    op.create_table(
        "surveys_coding",
        sa.Column("ballot_id", _BIG, nullable=False),
        sa.Column("item", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("seat", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("project_id", _BIG, nullable=False),
        sa.Column("code_id", _BIG, nullable=True),
        sa.ForeignKeyConstraint(
            ["ballot_id", "item"],
            ["surveys_side_answer.ballot_id", "surveys_side_answer.item"],
            name="fk_surveys_coding_text",
            ondelete="RESTRICT",
        ),
        _to("coding", "project_id", "project"),
        _to("coding", "code_id", "surveys_code"),
        sa.PrimaryKeyConstraint("ballot_id", "item", "seat", name="pk_surveys_coding"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_surveys_coding_project_id", "surveys_coding", ["project_id"])
    op.create_index("ix_surveys_coding_code_id", "surveys_coding", ["code_id"])
    for rule in _all_rules():
        _guard(*rule)


def downgrade() -> None:
    for table, _, name, _ in _all_rules():
        _unguard(table, name)
    for table in ("coding", "coder", "code"):
        op.drop_table(f"surveys_{table}")
