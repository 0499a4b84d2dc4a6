"""Surveys, waves, the frame, ballots and what is published, with what never changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "surveys_0001"
down_revision = None
branch_labels = ("surveys",)
depends_on = "core_0021"

_FIXED = ("mode", "named", "unit", "least_cell", "points", "seed")
_WRITTEN = ("instrument", "weights", "frame_rule")
_HASHES = ("instrument_hash", "frame_hash", "weights_hash", "frozen_at")
_STEPS = (
    *("draft>review", "review>draft", "review>frozen", "frozen>field", "field>paused"),
    *("paused>field", "field>closed", "paused>closed", "closed>sealed", "sealed>published"),
    "published>archived",
)
_ENDED = "('sealed', 'published', 'archived')"


def _changed(differs: str, *columns: str) -> str:
    return "(" + " OR ".join(f"NEW.{each} {differs} OLD.{each}" for each in columns) + ")"


def _wave_rules(differs: str, text: str) -> dict[str, str]:
    """Return name -> when an UPDATE of a wave is refused."""

    written = " OR ".join(f"NEW.{each}{text} {differs} OLD.{each}{text}" for each in _WRITTEN)
    steps = ", ".join(f"'{each}'" for each in _STEPS)
    return {
        "written": f"OLD.state <> 'draft' AND ({_changed(differs, *_FIXED)} OR {written})",
        "hashed": f"OLD.state NOT IN ('draft', 'review') AND {_changed(differs, *_HASHES, 'reviewed_by')}",
        "placed": _changed(differs, "survey_id", "project_id", "number", "made_by"),
        "steps": f"NEW.state <> OLD.state AND (OLD.state || '>' || NEW.state) NOT IN ({steps})",
    }


def _rules(differs: str, array: str) -> list[tuple[str, str, str, str]]:
    """Return table, act, name and when it is refused, of what hangs on a wave."""
    new = "(SELECT state FROM surveys_wave WHERE id = NEW.wave_id)"
    old = "(SELECT state FROM surveys_wave WHERE id = OLD.wave_id)"
    purging = "(SELECT purging FROM surveys_wave WHERE id = OLD.wave_id)"

    frame = _changed(
        differs, "wave_id", "named", "project_id", "unit_key", "building", "tier", "stage"
    )
    copied = _changed(
        differs, "building", "tier", "stage", "language", "flags", "submitted_at", "sealed"
    )
    return [
        ("participation", "INSERT", "drawn", f"{new} <> 'review'"),
        (
            "participation",
            "UPDATE",
            "fixed",
            f"{frame} OR (OLD.answered AND NOT NEW.answered)"
            " OR (OLD.rewarded AND NOT NEW.rewarded)",
        ),
        ("participation", "DELETE", "kept", f"{old} <> 'review' AND NOT {purging}"),
        ("ballot", "INSERT", "in_time", f"{new} NOT IN ('field', 'paused', 'closed')"),
        (
            "ballot",
            "UPDATE",
            "fixed",
            f"{_changed(differs, 'id', 'wave_id', 'named', 'project_id')} OR {array}"
            f" OR (OLD.sealed AND {copied}) OR {old} IN {_ENDED}",
        ),
        ("ballot", "DELETE", "kept", f"{old} IN {_ENDED} AND NOT {purging}"),
    ]


def _side_rules(differs: str) -> list[tuple[str, str, str, str]]:
    state = (
        "(SELECT w.state FROM surveys_wave w JOIN surveys_ballot b ON b.wave_id = w.id "
        "WHERE b.id = {}.ballot_id)"
    )
    purging = state.replace("w.state", "w.purging").format("OLD")
    return [
        ("side_answer", "INSERT", "in_time", f"{state.format('NEW')} IN {_ENDED}"),
        (
            "side_answer",
            "UPDATE",
            "fixed",
            f"{_changed(differs, 'ballot_id', 'item', 'project_id', 'kind', 'number', 'file_id')} "
            f"OR (NEW.value <> OLD.value AND NEW.value <> '')",
        ),
        ("side_answer", "DELETE", "kept", f"{state.format('OLD')} IN {_ENDED} AND NOT {purging}"),
    ]


def _all_rules(*, sqlite: bool) -> list[tuple[str, str, str, str]]:
    differs = "IS NOT" if sqlite else "IS DISTINCT FROM"
    array = f"NEW.positions {differs} OLD.positions"
    wave = _wave_rules(differs, "" if sqlite else "::text")
    return [
        *(("wave", "UPDATE", name, when) for name, when in wave.items()),
        *_rules(differs, array),
        *_side_rules(differs),
        ("publication", "UPDATE", "fixed", "1 = 1"),
    ]


def _guard() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, act, name, when in _all_rules(sqlite=sqlite):
        full, trigger = f"surveys_{table}", f"surveys_{table}_{name}"
        if sqlite:
            op.execute(
                f"CREATE TRIGGER {trigger} BEFORE {act} ON {full} WHEN {when} "
                f"BEGIN SELECT RAISE(ABORT, '{full}: {name}'); END"
            )
            continue
        row = "OLD" if act == "DELETE" else "NEW"
        op.execute(
            f"CREATE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN IF {when} THEN RAISE EXCEPTION '{full}: {name}' "
            f"USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {row}; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {trigger} BEFORE {act} ON {full} "
            f"FOR EACH ROW EXECUTE FUNCTION {trigger}()"
        )


def _unguard() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, _, name, _ in _all_rules(sqlite=sqlite):
        trigger = f"surveys_{table}_{name}"
        op.execute(f"DROP TRIGGER {trigger}" + ("" if sqlite else f" ON surveys_{table}"))
        if not sqlite:
            op.execute(f"DROP FUNCTION {trigger}()")


def upgrade() -> None:
    # ### commands auto generated by Alembic - please adjust! ###
    op.create_table(
        "surveys_survey",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=False, cache=100),
            nullable=False,
        ),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("series", sa.String(length=40), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_surveys_survey_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys_survey")),
        sa.UniqueConstraint("project_id", "series", name="uq_surveys_survey_series"),
        sa.UniqueConstraint("public_id", name=op.f("uq_surveys_survey_public_id")),
    )
    op.create_table(
        "surveys_wave",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=False, cache=100),
            nullable=False,
        ),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column(
            "survey_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(length=12), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("unit", sa.String(length=10), nullable=False),
        sa.Column("instrument", sa.JSON(), nullable=False),
        sa.Column("weights", sa.JSON(), nullable=False),
        sa.Column("frame_rule", sa.JSON(), nullable=False),
        sa.Column("seed", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("least_cell", sa.Integer(), nullable=False),
        sa.Column("points", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("instrument_hash", sa.String(length=64), nullable=True),
        sa.Column("frame_hash", sa.String(length=64), nullable=True),
        sa.Column("weights_hash", sa.String(length=64), nullable=True),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sent_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "reviewed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("purging", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state IN ('closed', 'sealed', 'published', 'archived')) = (closed_at IS NOT NULL)",
            name=op.f("ck_surveys_wave_closed_dated"),
        ),
        sa.CheckConstraint(
            "(state IN ('draft', 'review') AND frozen_at IS NULL AND instrument_hash IS NULL AND frame_hash IS NULL AND weights_hash IS NULL) OR (NOT state IN ('draft', 'review') AND frozen_at IS NOT NULL AND instrument_hash IS NOT NULL AND frame_hash IS NOT NULL AND weights_hash IS NOT NULL)",
            name=op.f("ck_surveys_wave_hashed_when_frozen"),
        ),
        sa.CheckConstraint(
            "(state IN ('published', 'archived')) = (published_at IS NOT NULL)",
            name=op.f("ck_surveys_wave_published_dated"),
        ),
        sa.CheckConstraint(
            "(state IN ('sealed', 'published', 'archived')) = (sealed_at IS NOT NULL)",
            name=op.f("ck_surveys_wave_sealed_dated"),
        ),
        sa.CheckConstraint(
            "mode IN ('identified', 'confidential', 'anonymous')",
            name=op.f("ck_surveys_wave_mode_known"),
        ),
        sa.CheckConstraint(
            "named = (mode <> 'anonymous')", name=op.f("ck_surveys_wave_named_as_mode")
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'review') OR (reviewed_by IS NOT NULL AND sent_by IS NOT NULL)",
            name=op.f("ck_surveys_wave_reviewed"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'review', 'frozen', 'field', 'paused', 'closed', 'sealed', 'published', 'archived')",
            name=op.f("ck_surveys_wave_state_known"),
        ),
        sa.CheckConstraint(
            "unit IN ('person', 'household')", name=op.f("ck_surveys_wave_unit_known")
        ),
        sa.CheckConstraint(
            "closes_at > opens_at", name=op.f("ck_surveys_wave_closes_after_opening")
        ),
        sa.CheckConstraint("least_cell >= 5", name=op.f("ck_surveys_wave_least_cell")),
        sa.CheckConstraint("number >= 1 AND version >= 1", name=op.f("ck_surveys_wave_counted")),
        sa.CheckConstraint("points >= 0", name=op.f("ck_surveys_wave_points")),
        sa.CheckConstraint(
            "reviewed_by <> made_by AND reviewed_by <> sent_by",
            name=op.f("ck_surveys_wave_two_persons"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_surveys_wave_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["survey_id"],
            ["surveys_survey.id"],
            name=op.f("fk_surveys_wave_survey_id_surveys_survey"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys_wave")),
        sa.UniqueConstraint("id", "named", name="uq_surveys_wave_named"),
        sa.UniqueConstraint("public_id", name=op.f("uq_surveys_wave_public_id")),
        sa.UniqueConstraint("survey_id", "number", name="uq_surveys_wave_number"),
    )
    with op.batch_alter_table("surveys_wave", schema=None) as batch_op:
        batch_op.create_index("ix_surveys_wave_clock", ["state", "closes_at"], unique=False)
        batch_op.create_index(
            "ix_surveys_wave_list", ["project_id", "created_at", "id"], unique=False
        )

    op.create_table(
        "surveys_action",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=False, cache=100),
            nullable=False,
        ),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("wave_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("dimension", sa.String(length=40), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("did", sa.JSON(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_surveys_action_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["wave_id"],
            ["surveys_wave.id"],
            name=op.f("fk_surveys_action_wave_id_surveys_wave"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys_action")),
        sa.UniqueConstraint("public_id", name=op.f("uq_surveys_action_public_id")),
    )
    with op.batch_alter_table("surveys_action", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_surveys_action_project_id"), ["project_id"], unique=False
        )
        batch_op.create_index("ix_surveys_action_wave", ["wave_id", "position"], unique=False)

    op.create_table(
        "surveys_ballot",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("wave_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("sealed", sa.Boolean(), nullable=False),
        sa.Column(
            "positions",
            postgresql.ARRAY(sa.SmallInteger()).with_variant(sa.JSON(), "sqlite"),
            nullable=False,
        ),
        sa.Column("building", sa.String(length=40), nullable=False),
        sa.Column("tier", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("weight", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("flags", sa.SmallInteger(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id > 0", name=op.f("ck_surveys_ballot_random")),
        sa.CheckConstraint(
            "named OR (submitted_at IS NULL AND flags = 0)", name=op.f("ck_surveys_ballot_untimed")
        ),
        sa.CheckConstraint("weight IS NULL OR weight > 0", name=op.f("ck_surveys_ballot_weight")),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_surveys_ballot_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["wave_id", "named"],
            ["surveys_wave.id", "surveys_wave.named"],
            name="fk_surveys_ballot_wave",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys_ballot")),
    )
    with op.batch_alter_table("surveys_ballot", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_surveys_ballot_project_id"), ["project_id"], unique=False
        )
        batch_op.create_index("ix_surveys_ballot_wave", ["wave_id", "sealed"], unique=False)

    op.create_table(
        "surveys_forged",
        sa.Column("wave_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("item", sa.String(length=90), nullable=False),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("count > 0", name=op.f("ck_surveys_forged_count")),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_surveys_forged_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["wave_id"],
            ["surveys_wave.id"],
            name=op.f("fk_surveys_forged_wave_id_surveys_wave"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("wave_id", "item", name=op.f("pk_surveys_forged")),
    )
    with op.batch_alter_table("surveys_forged", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_surveys_forged_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "surveys_publication",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=False, cache=100),
            nullable=False,
        ),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("wave_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("figures_hash", sa.String(length=64), nullable=False),
        sa.Column("seal_hash", sa.String(length=64), nullable=False),
        sa.Column("script_version", sa.String(length=20), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_surveys_publication_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["wave_id"],
            ["surveys_wave.id"],
            name=op.f("fk_surveys_publication_wave_id_surveys_wave"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys_publication")),
        sa.UniqueConstraint("public_id", name=op.f("uq_surveys_publication_public_id")),
        sa.UniqueConstraint("wave_id", name="uq_surveys_publication_wave"),
    )
    with op.batch_alter_table("surveys_publication", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_surveys_publication_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "surveys_quota",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=False, cache=100),
            nullable=False,
        ),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("wave_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("field", sa.String(length=10), nullable=False),
        sa.Column("value", sa.String(length=40), nullable=False),
        sa.Column("most", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "field IN ('building', 'tier', 'stage')", name=op.f("ck_surveys_quota_field")
        ),
        sa.CheckConstraint("taken >= 0 AND taken <= most", name=op.f("ck_surveys_quota_exact")),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_surveys_quota_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["wave_id"],
            ["surveys_wave.id"],
            name=op.f("fk_surveys_quota_wave_id_surveys_wave"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys_quota")),
        sa.UniqueConstraint("public_id", name=op.f("uq_surveys_quota_public_id")),
        sa.UniqueConstraint("wave_id", "field", "value", name="uq_surveys_quota_value"),
    )
    with op.batch_alter_table("surveys_quota", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_surveys_quota_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "surveys_participation",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=False, cache=100),
            nullable=False,
        ),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("wave_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("unit_key", sa.String(length=24), nullable=False),
        sa.Column(
            "household_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("building", sa.String(length=40), nullable=False),
        sa.Column("tier", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("rewarded", sa.Boolean(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded", sa.SmallInteger(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ballot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column(
            "answered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "stage IN ('prospect', 'settling', 'stable', 'senior')",
            name=op.f("ck_surveys_participation_stage_known"),
        ),
        sa.CheckConstraint(
            "NOT named OR NOT answered OR ballot_id IS NOT NULL",
            name=op.f("ck_surveys_participation_linked"),
        ),
        sa.CheckConstraint(
            "answered OR (ballot_id IS NULL AND answered_by IS NULL)",
            name=op.f("ck_surveys_participation_ballot_when_answered"),
        ),
        sa.CheckConstraint(
            "answered OR NOT rewarded", name=op.f("ck_surveys_participation_rewarded_when_answered")
        ),
        sa.CheckConstraint(
            "household_id IS NOT NULL OR member_id IS NOT NULL",
            name=op.f("ck_surveys_participation_somebody"),
        ),
        sa.CheckConstraint(
            "named OR (ballot_id IS NULL AND answered_by IS NULL)",
            name=op.f("ck_surveys_participation_unlinked"),
        ),
        sa.CheckConstraint("reminded >= 0", name=op.f("ck_surveys_participation_reminded")),
        sa.ForeignKeyConstraint(
            ["answered_by"],
            ["member.id"],
            name=op.f("fk_surveys_participation_answered_by_member"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["ballot_id"],
            ["surveys_ballot.id"],
            name=op.f("fk_surveys_participation_ballot_id_surveys_ballot"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["household.id"],
            name=op.f("fk_surveys_participation_household_id_household"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name=op.f("fk_surveys_participation_member_id_member"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_surveys_participation_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["wave_id", "named"],
            ["surveys_wave.id", "surveys_wave.named"],
            name="fk_surveys_participation_wave",
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys_participation")),
        sa.UniqueConstraint("id", "named", name="uq_surveys_participation_named"),
        sa.UniqueConstraint("public_id", name=op.f("uq_surveys_participation_public_id")),
        sa.UniqueConstraint("wave_id", "unit_key", name="uq_surveys_participation_unit"),
    )
    with op.batch_alter_table("surveys_participation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_surveys_participation_answered_by"), ["answered_by"], unique=False
        )
        batch_op.create_index(
            "ix_surveys_participation_household", ["household_id", "wave_id"], unique=False
        )
        batch_op.create_index(
            "ix_surveys_participation_member", ["member_id", "wave_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_surveys_participation_project_id"), ["project_id"], unique=False
        )
        batch_op.create_index(
            "ix_surveys_participation_rate",
            ["wave_id", "answered", "stage", "building"],
            unique=False,
        )
        batch_op.create_index(
            "uq_surveys_participation_ballot",
            ["ballot_id"],
            unique=True,
            sqlite_where=sa.text("ballot_id IS NOT NULL"),
            postgresql_where=sa.text("ballot_id IS NOT NULL"),
        )

    op.create_table(
        "surveys_side_answer",
        sa.Column(
            "ballot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("item", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("file_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "(kind = 'number') = (number IS NOT NULL) AND (kind = 'photo') = (file_id IS NOT NULL)",
            name=op.f("ck_surveys_side_answer_one_value"),
        ),
        sa.CheckConstraint(
            "kind IN ('text', 'number', 'date', 'photo')",
            name=op.f("ck_surveys_side_answer_kind_known"),
        ),
        sa.ForeignKeyConstraint(
            ["ballot_id"],
            ["surveys_ballot.id"],
            name=op.f("fk_surveys_side_answer_ballot_id_surveys_ballot"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["stored_file.id"],
            name=op.f("fk_surveys_side_answer_file_id_stored_file"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_surveys_side_answer_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("ballot_id", "item", name=op.f("pk_surveys_side_answer")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("surveys_side_answer", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_surveys_side_answer_file_id"), ["file_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_surveys_side_answer_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "surveys_draft",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=False, cache=100),
            nullable=False,
        ),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column(
            "participation_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("block", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("named", name=op.f("ck_surveys_draft_never_anonymous")),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name=op.f("fk_surveys_draft_member_id_member"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["participation_id", "named"],
            ["surveys_participation.id", "surveys_participation.named"],
            name="fk_surveys_draft_participation",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_surveys_draft_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys_draft")),
        sa.UniqueConstraint("participation_id", name="uq_surveys_draft_participation"),
        sa.UniqueConstraint("public_id", name=op.f("uq_surveys_draft_public_id")),
    )
    with op.batch_alter_table("surveys_draft", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_surveys_draft_member_id"), ["member_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_surveys_draft_project_id"), ["project_id"], unique=False
        )

    # ### end Alembic commands ###
    _guard()


def downgrade() -> None:
    _unguard()
    # ### commands auto generated by Alembic - please adjust! ###
    with op.batch_alter_table("surveys_draft", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_surveys_draft_project_id"))
        batch_op.drop_index(batch_op.f("ix_surveys_draft_member_id"))

    op.drop_table("surveys_draft")
    with op.batch_alter_table("surveys_side_answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_surveys_side_answer_project_id"))
        batch_op.drop_index(batch_op.f("ix_surveys_side_answer_file_id"))

    op.drop_table("surveys_side_answer")
    with op.batch_alter_table("surveys_participation", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_surveys_participation_ballot",
            sqlite_where=sa.text("ballot_id IS NOT NULL"),
            postgresql_where=sa.text("ballot_id IS NOT NULL"),
        )
        batch_op.drop_index("ix_surveys_participation_rate")
        batch_op.drop_index(batch_op.f("ix_surveys_participation_project_id"))
        batch_op.drop_index("ix_surveys_participation_member")
        batch_op.drop_index("ix_surveys_participation_household")
        batch_op.drop_index(batch_op.f("ix_surveys_participation_answered_by"))

    op.drop_table("surveys_participation")
    with op.batch_alter_table("surveys_quota", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_surveys_quota_project_id"))

    op.drop_table("surveys_quota")
    with op.batch_alter_table("surveys_publication", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_surveys_publication_project_id"))

    op.drop_table("surveys_publication")
    with op.batch_alter_table("surveys_forged", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_surveys_forged_project_id"))

    op.drop_table("surveys_forged")
    with op.batch_alter_table("surveys_ballot", schema=None) as batch_op:
        batch_op.drop_index("ix_surveys_ballot_wave")
        batch_op.drop_index(batch_op.f("ix_surveys_ballot_project_id"))

    op.drop_table("surveys_ballot")
    with op.batch_alter_table("surveys_action", schema=None) as batch_op:
        batch_op.drop_index("ix_surveys_action_wave")
        batch_op.drop_index(batch_op.f("ix_surveys_action_project_id"))

    op.drop_table("surveys_action")
    with op.batch_alter_table("surveys_wave", schema=None) as batch_op:
        batch_op.drop_index("ix_surveys_wave_list")
        batch_op.drop_index("ix_surveys_wave_clock")

    op.drop_table("surveys_wave")
    op.drop_table("surveys_survey")
    # ### end Alembic commands ###
