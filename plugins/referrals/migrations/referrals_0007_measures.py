"""Rewards by price and fee, periods of lines, shares of several owners, free parts of tax."""

import sqlalchemy as sa
from alembic import op


revision = "referrals_0007"
down_revision = "referrals_0006"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ACTIVE = (
    "state IN ('consented', 'reported', 'accepted', 'visited', 'pre_registered', 'subscribed', "
    "'signed', 'paid', 'closed')"
)
# Name -> what it was before there were more than two owners.
TWO = {
    "share": "(partner_id IS NULL) = (partner_share IS NULL)",
    "two_owners": "partner_id <> referrer_id",
    "share_bounds": "partner_share BETWEEN 1 AND 99",
}
SALE = {"price_positive": "price > 0", "area_positive": "area > 0"}
LINES = {
    "measure_known": "measure IN ('fixed', 'percent', 'bands', 'fee_months')",
    "whole_at_most": "measure <> 'percent' OR amount <= 10000",
    "fees_in_cash": "measure <> 'fee_months' OR kind = 'cash'",
    "most_positive": "most > 0",
    "period_order": "from_on IS NULL OR until_on IS NULL OR until_on >= from_on",
}
TAX = {"free_not_negative": "free >= 0", "free_rate_bounds": "free_rate BETWEEN 0 AND 10000"}
# Table -> columns that are added as they are, so that the triggers of the table stay.
ADDED = {
    "referrals_reward_line": (
        sa.Column("measure", sa.String(length=10), server_default="fixed", nullable=False),
        sa.Column("most", BIG, nullable=True),
        sa.Column("bands", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("until_on", sa.Date(), nullable=True),
    ),
    "referrals_campaign": (
        sa.Column("month_fee", BIG, nullable=True),
        sa.Column("shares", sa.JSON(), server_default="[]", nullable=False),
    ),
    "referrals_dispute": (
        sa.Column("others", sa.JSON(), server_default="[]", nullable=False),
    ),
    "referrals_tax_rate": (
        sa.Column("free", BIG, server_default="0", nullable=False),
        sa.Column("free_rate", sa.Integer(), server_default="0", nullable=False),
        sa.Column("bands", sa.JSON(), server_default="[]", nullable=False),
    ),
    "referrals_payee_line": (sa.Column("taxable", BIG, nullable=True),),
    "referrals_early_stage": (
        sa.Column("price", BIG, nullable=True),
        sa.Column("area", BIG, nullable=True),
    ),
    "referrals_lead": (
        sa.Column("price", BIG, nullable=True),
        sa.Column("area", BIG, nullable=True),
    ),
}  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "referrals_partner",
        sa.Column("id", BIG, sa.Identity(always=False, cache=100), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("project_id", BIG, nullable=False),
        sa.Column("lead_id", BIG, nullable=False),
        sa.Column("referrer_id", BIG, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("share", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "share BETWEEN 1 AND 99", name=op.f("ck_referrals_partner_share_bounds")
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"],
            ["referrals_lead.id"],
            name=op.f("fk_referrals_partner_lead_id_referrals_lead"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_referrals_partner_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["referrer_id"],
            ["referrals_referrer.id"],
            name=op.f("fk_referrals_partner_referrer_id_referrals_referrer"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals_partner")),
        sa.UniqueConstraint("public_id", name=op.f("uq_referrals_partner_public_id")),
        sa.UniqueConstraint("lead_id", "referrer_id", name="uq_referrals_partner_owner"),
        sa.UniqueConstraint("lead_id", "place", name="uq_referrals_partner_place"),
    )
    for column in ("project_id", "referrer_id"):
        op.create_index(
            op.f(f"ix_referrals_partner_{column}"), "referrals_partner", [column], unique=False
        )
    op.execute(
        "INSERT INTO referrals_partner "
        "(public_id, project_id, lead_id, referrer_id, place, share, created_at) "
        "SELECT public_id, project_id, id, partner_id, 1, partner_share, created_at "
        "FROM referrals_lead WHERE partner_id IS NOT NULL"
    )
    for table, columns in ADDED.items():
        for column in columns:
            op.add_column(table, column)
    _rules("referrals_reward_line", add=LINES)
    _rules("referrals_tax_rate", add=TAX)
    _rules("referrals_campaign", add={"month_fee_positive": "month_fee > 0"})
    _rules("referrals_lead", drop=TWO, add=SALE)
    with op.batch_alter_table("referrals_lead", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_referrals_lead_partner_id_referrals_referrer"), type_="foreignkey"
        )
        batch_op.drop_index(batch_op.f("ix_referrals_lead_partner_id"))
        batch_op.drop_column("partner_share")
        batch_op.drop_column("partner_id")
    _indexes()
    _forbid()


def downgrade() -> None:
    _allow()
    with op.batch_alter_table("referrals_lead", schema=None) as batch_op:
        batch_op.add_column(sa.Column("partner_id", BIG, nullable=True))
        batch_op.add_column(sa.Column("partner_share", sa.Integer(), nullable=True))
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
    for column, source in (("partner_id", "referrer_id"), ("partner_share", "share")):
        op.execute(
            f"UPDATE referrals_lead SET {column} = (SELECT p.{source} FROM referrals_partner p "
            "WHERE p.lead_id = referrals_lead.id AND p.place = 1)"
        )
    _rules("referrals_lead", drop=SALE, add=TWO)
    _rules("referrals_campaign", drop={"month_fee_positive": ""})
    _rules("referrals_tax_rate", drop=TAX)
    _rules("referrals_reward_line", drop=LINES)
    for table, columns in ADDED.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column.name}")
    _indexes()
    op.drop_table("referrals_partner")


def _rules(table: str, *, drop: dict[str, str] | None = None, add: dict[str, str] | None = None):
    """Change the CHECKs of a table. SQLite builds it anew, and its triggers with it."""
    kept = []
    if op.get_bind().dialect.name == "sqlite":
        kept = op.get_bind().scalars(
            sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"),
            {"table": table},
        )
        kept = list(kept)
    with op.batch_alter_table(table) as batch_op:
        for name in drop or ():
            batch_op.drop_constraint(batch_op.f(f"ck_{table}_{name}"), type_="check")
        for name, rule in (add or {}).items():
            batch_op.create_check_constraint(batch_op.f(f"ck_{table}_{name}"), rule)
    for trigger in kept:
        op.execute(trigger)


# Partial indexes that a table built anew would lose: name -> columns, where.
_PARTIAL = {
    "uq_referrals_lead_active": (("project_id", "phone_hash"), ACTIVE),
    "uq_referrals_lead_invited": (("referrer_id", "phone_hash"), "state = 'invited'"),
}


def _indexes() -> None:
    for name, (columns, where) in _PARTIAL.items():
        op.drop_index(name, "referrals_lead")
        op.create_index(
            name, "referrals_lead", columns, unique=True,
            sqlite_where=sa.text(where), postgresql_where=sa.text(where),
        )  # fmt: skip


def _forbid() -> None:
    """Let the other owners of a lead never have all of it, and let nobody change a share."""
    taken = (
        "SELECT COALESCE(SUM(p.share), 0) FROM referrals_partner p WHERE p.lead_id = NEW.lead_id"
    )
    if op.get_bind().dialect.name == "sqlite":
        refuse = "BEGIN SELECT RAISE(ABORT, 'referrals_partner: shares of 100 and more'); END"
        op.execute(
            "CREATE TRIGGER referrals_partner_whole BEFORE INSERT ON referrals_partner "
            f"WHEN ({taken}) + NEW.share > 99 {refuse}"
        )
        op.execute(
            f"CREATE TRIGGER referrals_partner_fixed BEFORE UPDATE ON referrals_partner {refuse}"
        )
        return
    op.execute(
        "CREATE FUNCTION referrals_partner_whole() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF TG_OP = 'INSERT' AND ({taken}) + NEW.share <= 99 THEN RETURN NEW; END IF; "
        "RAISE EXCEPTION 'referrals_partner: shares of 100 and more'; END $$"
    )
    op.execute(
        "CREATE TRIGGER referrals_partner_whole BEFORE INSERT OR UPDATE ON referrals_partner "
        "FOR EACH ROW EXECUTE FUNCTION referrals_partner_whole()"
    )


def _allow() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name in ("whole", "fixed"):
            op.execute(f"DROP TRIGGER referrals_partner_{name}")
        return
    op.execute("DROP TRIGGER referrals_partner_whole ON referrals_partner")
    op.execute("DROP FUNCTION referrals_partner_whole()")
