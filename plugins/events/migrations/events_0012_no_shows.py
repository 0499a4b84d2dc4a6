"""Marks for who does not come: the policy in versions, marks, appeals, pauses, waivers."""

import sqlalchemy as sa
from alembic import op


revision = "events_0012"
down_revision = "events_0011"
branch_labels = None
depends_on = "core_0021"


def upgrade() -> None:
    op.create_table(
        "events_ladder_pause",
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
        sa.Column("title", sa.String(length=60), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "first <= last", name=op.f("ck_events_ladder_pause_ends_after_beginning")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_events_ladder_pause_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events_ladder_pause")),
        sa.UniqueConstraint("project_id", "first", "last", name="uq_events_ladder_pause_days"),
        sa.UniqueConstraint("public_id", name=op.f("uq_events_ladder_pause_public_id")),
    )
    op.create_table(
        "events_ladder_policy",
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
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("no_show_weight", sa.Integer(), nullable=False),
        sa.Column("late_weight", sa.Integer(), nullable=False),
        sa.Column("warn_from", sa.Integer(), nullable=False),
        sa.Column("later_from", sa.Integer(), nullable=False),
        sa.Column("queue_from", sa.Integer(), nullable=False),
        sa.Column("later_hours", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("notice_hours", sa.Integer(), nullable=False),
        sa.Column(
            "written_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "published_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'draft') = (published_by IS NULL)",
            name=op.f("ck_events_ladder_policy_published_by_somebody"),
        ),
        sa.CheckConstraint(
            "state IN ('draft', 'published')", name=op.f("ck_events_ladder_policy_state_known")
        ),
        sa.CheckConstraint(
            "later_hours > 0 AND days > 0 AND notice_hours >= 0",
            name=op.f("ck_events_ladder_policy_spans"),
        ),
        sa.CheckConstraint(
            "no_show_weight BETWEEN 0 AND 5 AND late_weight BETWEEN 0 AND 5",
            name=op.f("ck_events_ladder_policy_weights"),
        ),
        sa.CheckConstraint(
            "published_by <> written_by", name=op.f("ck_events_ladder_policy_two_persons")
        ),
        sa.CheckConstraint(
            "warn_from > 0 AND warn_from < later_from AND later_from < queue_from",
            name=op.f("ck_events_ladder_policy_steps"),
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_events_ladder_policy_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events_ladder_policy")),
        sa.UniqueConstraint("project_id", "version", name="uq_events_ladder_policy_version"),
        sa.UniqueConstraint("public_id", name=op.f("uq_events_ladder_policy_public_id")),
    )
    with op.batch_alter_table("events_ladder_policy", schema=None) as batch_op:
        batch_op.create_index(
            "ix_events_ladder_policy_now", ["project_id", "state", "starts_at"], unique=False
        )

    op.create_table(
        "events_ladder_waiver",
        sa.Column(
            "occurrence_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["occurrence_id"],
            ["events_occurrence.id"],
            name=op.f("fk_events_ladder_waiver_occurrence_id_events_occurrence"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_events_ladder_waiver_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("occurrence_id", name=op.f("pk_events_ladder_waiver")),
    )
    with op.batch_alter_table("events_ladder_waiver", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_events_ladder_waiver_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "events_ladder_penalty",
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
        sa.Column(
            "member_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "occurrence_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "registration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "policy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column(
            "settled_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("marked_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("voided_for", sa.String(length=20), nullable=True),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("voided_why", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'void') = (voided_for IS NOT NULL)",
            name=op.f("ck_events_ladder_penalty_void_for_a_reason"),
        ),
        sa.CheckConstraint(
            "cause IN ('no_show', 'cancelled_late')",
            name=op.f("ck_events_ladder_penalty_cause_known"),
        ),
        sa.CheckConstraint(
            "state IN ('live', 'void')", name=op.f("ck_events_ladder_penalty_state_known")
        ),
        sa.CheckConstraint(
            "voided_for IN ('excused', 'weather', 'called_off', 'appeal')",
            name=op.f("ck_events_ladder_penalty_voided_for_known"),
        ),
        sa.CheckConstraint("weight > 0", name=op.f("ck_events_ladder_penalty_weight_positive")),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name=op.f("fk_events_ladder_penalty_member_id_member"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["occurrence_id"],
            ["events_occurrence.id"],
            name=op.f("fk_events_ladder_penalty_occurrence_id_events_occurrence"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["events_ladder_policy.id"],
            name=op.f("fk_events_ladder_penalty_policy_id_events_ladder_policy"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_events_ladder_penalty_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["events_registration.id"],
            name=op.f("fk_events_ladder_penalty_registration_id_events_registration"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events_ladder_penalty")),
        sa.UniqueConstraint("public_id", name=op.f("uq_events_ladder_penalty_public_id")),
        sa.UniqueConstraint("registration_id", name="uq_events_ladder_penalty_cause"),
    )
    with op.batch_alter_table("events_ladder_penalty", schema=None) as batch_op:
        batch_op.create_index(
            "ix_events_ladder_penalty_list", ["project_id", "created_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_events_ladder_penalty_live", ["project_id", "state", "expires_at"], unique=False
        )
        batch_op.create_index(
            "ix_events_ladder_penalty_member", ["member_id", "project_id", "state"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_events_ladder_penalty_occurrence_id"), ["occurrence_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_events_ladder_penalty_policy_id"), ["policy_id"], unique=False
        )

    op.create_table(
        "events_ladder_pledge",
        sa.Column(
            "registration_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "policy_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("seated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("marked_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["events_ladder_policy.id"],
            name=op.f("fk_events_ladder_pledge_policy_id_events_ladder_policy"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_events_ladder_pledge_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["events_registration.id"],
            name=op.f("fk_events_ladder_pledge_registration_id_events_registration"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("registration_id", name=op.f("pk_events_ladder_pledge")),
    )
    with op.batch_alter_table("events_ladder_pledge", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_events_ladder_pledge_policy_id"), ["policy_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_events_ladder_pledge_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "events_ladder_appeal",
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
        sa.Column(
            "penalty_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column(
            "settled_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "marked_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'open') = (decided_by IS NULL)",
            name=op.f("ck_events_ladder_appeal_decided_by_somebody"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'granted', 'refused')",
            name=op.f("ck_events_ladder_appeal_state_known"),
        ),
        sa.CheckConstraint(
            "decided_by <> settled_by AND decided_by <> marked_by",
            name=op.f("ck_events_ladder_appeal_by_somebody_else"),
        ),
        sa.ForeignKeyConstraint(
            ["penalty_id"],
            ["events_ladder_penalty.id"],
            name=op.f("fk_events_ladder_appeal_penalty_id_events_ladder_penalty"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_events_ladder_appeal_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events_ladder_appeal")),
        sa.UniqueConstraint("penalty_id", name="uq_events_ladder_appeal_once"),
        sa.UniqueConstraint("public_id", name=op.f("uq_events_ladder_appeal_public_id")),
    )
    with op.batch_alter_table("events_ladder_appeal", schema=None) as batch_op:
        batch_op.create_index("ix_events_ladder_appeal_open", ["project_id", "state"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("events_ladder_appeal", schema=None) as batch_op:
        batch_op.drop_index("ix_events_ladder_appeal_open")

    op.drop_table("events_ladder_appeal")
    with op.batch_alter_table("events_ladder_pledge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_events_ladder_pledge_project_id"))
        batch_op.drop_index(batch_op.f("ix_events_ladder_pledge_policy_id"))

    op.drop_table("events_ladder_pledge")
    with op.batch_alter_table("events_ladder_penalty", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_events_ladder_penalty_policy_id"))
        batch_op.drop_index(batch_op.f("ix_events_ladder_penalty_occurrence_id"))
        batch_op.drop_index("ix_events_ladder_penalty_member")
        batch_op.drop_index("ix_events_ladder_penalty_live")
        batch_op.drop_index("ix_events_ladder_penalty_list")

    op.drop_table("events_ladder_penalty")
    with op.batch_alter_table("events_ladder_waiver", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_events_ladder_waiver_project_id"))

    op.drop_table("events_ladder_waiver")
    with op.batch_alter_table("events_ladder_policy", schema=None) as batch_op:
        batch_op.drop_index("ix_events_ladder_policy_now")

    op.drop_table("events_ladder_policy")
    op.drop_table("events_ladder_pause")
