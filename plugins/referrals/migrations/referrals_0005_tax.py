"""Tax by day, and what each payee of a payout gets."""

import sqlalchemy as sa
from alembic import op


revision = "referrals_0005"
down_revision = "referrals_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "referrals_tax_rate",
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
        sa.Column("tax_class", sa.String(length=20), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "tax_class <> 'none' OR rate = 0", name=op.f("ck_referrals_tax_rate_none_of_nothing")
        ),
        sa.CheckConstraint(
            "tax_class IN ('none', 'incidental', 'labour')",
            name=op.f("ck_referrals_tax_rate_tax_class_known"),
        ),
        sa.CheckConstraint(
            "rate BETWEEN 0 AND 10000", name=op.f("ck_referrals_tax_rate_rate_bounds")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_referrals_tax_rate_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals_tax_rate")),
        sa.UniqueConstraint("project_id", "starts_on", name="uq_referrals_tax_rate_day"),
        sa.UniqueConstraint("public_id", name=op.f("uq_referrals_tax_rate_public_id")),
    )
    op.create_table(
        "referrals_payee_line",
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
        sa.Column("batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "referrer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("gross", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tax", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("net", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tax_class", sa.String(length=20), nullable=False),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "tax_class IN ('none', 'incidental', 'labour')",
            name=op.f("ck_referrals_payee_line_tax_class_known"),
        ),
        sa.CheckConstraint(
            "gross >= 0 AND tax >= 0 AND net >= 0",
            name=op.f("ck_referrals_payee_line_nobody_pays_in"),
        ),
        sa.CheckConstraint("net = gross - tax", name=op.f("ck_referrals_payee_line_net")),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["referrals_batch.id"],
            name=op.f("fk_referrals_payee_line_batch_id_referrals_batch"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"],
            ["referrals_lead.id"],
            name=op.f("fk_referrals_payee_line_lead_id_referrals_lead"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_referrals_payee_line_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["referrer_id"],
            ["referrals_referrer.id"],
            name=op.f("fk_referrals_payee_line_referrer_id_referrals_referrer"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals_payee_line")),
        sa.UniqueConstraint("public_id", name=op.f("uq_referrals_payee_line_public_id")),
    )
    with op.batch_alter_table("referrals_payee_line", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_referrals_payee_line_lead_id"), ["lead_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_referrals_payee_line_project_id"), ["project_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_referrals_payee_line_referrer_id"), ["referrer_id"], unique=False
        )
        batch_op.create_index(
            "uq_referrals_payee_line_friend",
            ["batch_id", "lead_id"],
            unique=True,
            sqlite_where=sa.text("lead_id > 0"),
            postgresql_where=sa.text("lead_id > 0"),
        )
        batch_op.create_index(
            "uq_referrals_payee_line_owner",
            ["batch_id", "referrer_id"],
            unique=True,
            sqlite_where=sa.text("lead_id IS NULL"),
            postgresql_where=sa.text("lead_id IS NULL"),
        )

    _forbid()


def downgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP TRIGGER referrals_payee_line_fixed ON referrals_payee_line")
        op.execute("DROP FUNCTION referrals_payee_line_fixed()")
    with op.batch_alter_table("referrals_payee_line", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_referrals_payee_line_owner",
            sqlite_where=sa.text("lead_id IS NULL"),
            postgresql_where=sa.text("lead_id IS NULL"),
        )
        batch_op.drop_index(
            "uq_referrals_payee_line_friend",
            sqlite_where=sa.text("lead_id > 0"),
            postgresql_where=sa.text("lead_id > 0"),
        )
        batch_op.drop_index(batch_op.f("ix_referrals_payee_line_referrer_id"))
        batch_op.drop_index(batch_op.f("ix_referrals_payee_line_project_id"))
        batch_op.drop_index(batch_op.f("ix_referrals_payee_line_lead_id"))

    op.drop_table("referrals_payee_line")
    op.drop_table("referrals_tax_rate")


def _forbid() -> None:
    """Let nobody change what a payee was told, nor delete it but for a purge."""
    table = "referrals_payee_line"
    permit = "SELECT 1 FROM referrals_purge_permit p WHERE p.project_id = OLD.project_id"
    if op.get_bind().dialect.name == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is fixed'); END"
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"WHEN NOT EXISTS ({permit}) {refuse}"
        )
        return
    op.execute(
        f"CREATE FUNCTION {table}_fixed() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF TG_OP = 'DELETE' AND EXISTS ({permit}) THEN RETURN OLD; END IF; "
        f"RAISE EXCEPTION '{table} is fixed'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_fixed BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_fixed()"
    )
