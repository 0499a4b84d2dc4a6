"""Disputes, leads of two owners, leads that are merged, rewards that are reckoned anew."""

import sqlalchemy as sa
from alembic import op


revision = "referrals_0003"
down_revision = "referrals_0002"
branch_labels = None
depends_on = "core_0021"

KNOWN = (
    "state IN ('invited', 'consented', 'reported', 'accepted', 'visited', 'pre_registered', "
    "'subscribed', 'signed', 'paid', 'closed', 'refused', 'rejected', 'lapsed', 'lost', "
    "'cancelled', 'merged')"
)
ACTIVE = (
    "state IN ('consented', 'reported', 'accepted', 'visited', 'pre_registered', 'subscribed', "
    "'signed', 'paid', 'closed')"
)
CHECKS = {
    "merged": "(merged_into_id IS NOT NULL) = (state = 'merged')",
    "share": "(partner_id IS NULL) = (partner_share IS NULL)",
    "two_owners": "partner_id <> referrer_id",
    "share_bounds": "partner_share BETWEEN 1 AND 99",
}


def upgrade() -> None:
    op.create_table(
        "referrals_dispute",
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
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rival_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("other_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("share", sa.Integer(), nullable=True),
        sa.Column(
            "opened_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "decided_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column(
            "appealed_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        ),
        sa.Column("final_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("appeal_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("final_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(outcome = 'split') = (share IS NOT NULL) OR outcome IS NULL",
            name=op.f("ck_referrals_dispute_shares_of_a_split"),
        ),
        sa.CheckConstraint(
            "(state = 'final') = (final_at IS NOT NULL)",
            name=op.f("ck_referrals_dispute_final_at_some_time"),
        ),
        sa.CheckConstraint(
            "(state = 'open') = (outcome IS NULL)",
            name=op.f("ck_referrals_dispute_open_without_outcome"),
        ),
        sa.CheckConstraint(
            "outcome IN ('keep', 'move', 'split', 'deny')",
            name=op.f("ck_referrals_dispute_outcome_known"),
        ),
        sa.CheckConstraint(
            "state IN ('open', 'decided', 'appealed', 'final')",
            name=op.f("ck_referrals_dispute_state_known"),
        ),
        sa.CheckConstraint(
            "decided_by <> opened_by", name=op.f("ck_referrals_dispute_not_ones_own")
        ),
        sa.CheckConstraint(
            "final_by <> decided_by", name=op.f("ck_referrals_dispute_appeal_to_another")
        ),
        sa.CheckConstraint(
            "share BETWEEN 1 AND 99", name=op.f("ck_referrals_dispute_share_bounds")
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"],
            ["referrals_lead.id"],
            name=op.f("fk_referrals_dispute_lead_id_referrals_lead"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["other_id"],
            ["referrals_referrer.id"],
            name=op.f("fk_referrals_dispute_other_id_referrals_referrer"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_referrals_dispute_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["rival_id"],
            ["referrals_lead.id"],
            name=op.f("fk_referrals_dispute_rival_id_referrals_lead"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals_dispute")),
        sa.UniqueConstraint("lead_id", name="uq_referrals_dispute_lead"),
        sa.UniqueConstraint("public_id", name=op.f("uq_referrals_dispute_public_id")),
    )
    with op.batch_alter_table("referrals_dispute", schema=None) as batch_op:
        batch_op.create_index("ix_referrals_dispute_due", ["state", "appeal_until"], unique=False)
        batch_op.create_index(
            "ix_referrals_dispute_list", ["project_id", "state", "created_at", "id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_referrals_dispute_other_id"), ["other_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_referrals_dispute_rival_id"), ["rival_id"], unique=False
        )

    with op.batch_alter_table("referrals_lead", schema=None) as batch_op:
        batch_op.add_column(sa.Column("disputed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column(
                "partner_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
            )
        )
        batch_op.add_column(sa.Column("partner_share", sa.Integer(), nullable=True))
        batch_op.add_column(
            sa.Column(
                "merged_into_id",
                sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column("reckoning", sa.Integer(), server_default="1", nullable=False)
        )
        batch_op.create_index(
            batch_op.f("ix_referrals_lead_merged_into_id"), ["merged_into_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_referrals_lead_partner_id"), ["partner_id"], unique=False
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_referrals_lead_partner_id_referrals_referrer"),
            "referrals_referrer",
            ["partner_id"],
            ["id"],
            ondelete="RESTRICT",
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_referrals_lead_merged_into_id_referrals_lead"),
            "referrals_lead",
            ["merged_into_id"],
            ["id"],
            ondelete="RESTRICT",
        )

    op.add_column(
        "referrals_reward", sa.Column("reckoning", sa.Integer(), server_default="1", nullable=False)
    )
    _once("lead_id", "line_id", "referrer_id", "reckoning")
    _states(KNOWN)
    with op.batch_alter_table("referrals_lead") as batch_op:
        for name, rule in CHECKS.items():
            batch_op.create_check_constraint(batch_op.f(f"ck_referrals_lead_{name}"), rule)
    _indexes()


def downgrade() -> None:
    _once("lead_id", "line_id")
    # Not in batches: a table built anew would lose its triggers.
    op.execute("ALTER TABLE referrals_reward DROP COLUMN reckoning")
    with op.batch_alter_table("referrals_lead") as batch_op:
        for name in CHECKS:
            batch_op.drop_constraint(batch_op.f(f"ck_referrals_lead_{name}"), type_="check")
    op.execute("UPDATE referrals_lead SET state = 'lapsed' WHERE state = 'merged'")
    _states(KNOWN.replace(", 'merged'", ""))
    with op.batch_alter_table("referrals_lead", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_referrals_lead_merged_into_id_referrals_lead"), type_="foreignkey"
        )
        batch_op.drop_constraint(
            batch_op.f("fk_referrals_lead_partner_id_referrals_referrer"), type_="foreignkey"
        )
        batch_op.drop_index(batch_op.f("ix_referrals_lead_partner_id"))
        batch_op.drop_index(batch_op.f("ix_referrals_lead_merged_into_id"))
        batch_op.drop_column("reckoning")
        batch_op.drop_column("merged_into_id")
        batch_op.drop_column("partner_share")
        batch_op.drop_column("partner_id")
        batch_op.drop_column("disputed_at")

    with op.batch_alter_table("referrals_dispute", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_referrals_dispute_rival_id"))
        batch_op.drop_index(batch_op.f("ix_referrals_dispute_other_id"))
        batch_op.drop_index("ix_referrals_dispute_list")
        batch_op.drop_index("ix_referrals_dispute_due")

    op.drop_table("referrals_dispute")
    _indexes()


def _once(*columns: str) -> None:
    where = sa.text("reverses_id IS NULL")
    op.drop_index("uq_referrals_reward_once", "referrals_reward")
    op.create_index(
        "uq_referrals_reward_once", "referrals_reward", columns, unique=True,
        sqlite_where=where, postgresql_where=where,
    )  # fmt: skip


# Partial indexes that a table built anew would lose: name -> table, columns, where.
_PARTIAL = {
    "uq_referrals_lead_active": ("referrals_lead", ("project_id", "phone_hash"), ACTIVE),
    "uq_referrals_lead_invited": (
        "referrals_lead", ("referrer_id", "phone_hash"), "state = 'invited'",
    ),
    "uq_referrals_step_stage": ("referrals_step", ("lead_id", "step"), "stage"),
}  # fmt: skip


def _indexes() -> None:
    for name, (table, columns, where) in _PARTIAL.items():
        op.drop_index(name, table)
        op.create_index(
            name, table, columns, unique=True,
            sqlite_where=sa.text(where), postgresql_where=sa.text(where),
        )  # fmt: skip


def _states(known: str) -> None:
    """Let leads and their history know these states. SQLite builds the tables anew, without the
    triggers of the history."""
    for table in ("referrals_lead", "referrals_step"):
        with op.batch_alter_table(table) as batch_op:
            name = batch_op.f(f"ck_{table}_state_known")
            batch_op.drop_constraint(name, type_="check")
            batch_op.create_check_constraint(name, known)
    if op.get_bind().dialect.name == "sqlite":
        permit = "SELECT 1 FROM referrals_purge_permit p WHERE p.project_id = OLD.project_id"
        refuse = "BEGIN SELECT RAISE(ABORT, 'referrals_step is append-only'); END"
        op.execute(
            f"CREATE TRIGGER referrals_step_no_update BEFORE UPDATE ON referrals_step {refuse}"
        )
        op.execute(
            "CREATE TRIGGER referrals_step_no_delete BEFORE DELETE ON referrals_step "
            f"WHEN NOT EXISTS ({permit}) {refuse}"
        )
