"""The seal's hash, who published and who signed; an action that is withdrawn can be put back."""

import sqlalchemy as sa
from alembic import op

revision = "surveys_0006"
down_revision = "surveys_0005"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ENDED = "('sealed', 'published', 'archived')"
_ADDED = [
    ("wave", "seal_hash", sa.String(64)),
    ("wave", "published_by", _BIG),
    ("side_answer", "digest", sa.String(64)),
    ("publication", "signed_at", sa.DateTime(timezone=True)),
    ("action", "withdrawn_at", sa.DateTime(timezone=True)),
]
_FIXED = (
    *("public_id", "wave_id", "project_id", "figures_hash", "seal_hash"),
    *("script_version", "released_at", "created_at"),
)
_OLD_RULES = [("publication", "UPDATE", "fixed", "1 = 1")]


def _rules() -> list[tuple[str, str, str, str]]:
    sqlite = op.get_bind().dialect.name == "sqlite"
    differs, text = ("IS NOT", "") if sqlite else ("IS DISTINCT FROM", "::text")
    sealing = "(OLD.state = 'closed' AND NEW.state = 'sealed')"
    publishing = "(OLD.state = 'sealed' AND NEW.state = 'published')"
    changed = " OR ".join(f"NEW.{each} {differs} OLD.{each}" for each in _FIXED)
    state = "(SELECT state FROM surveys_wave WHERE id = NEW.wave_id)"
    of_side = (
        "(SELECT w.state FROM surveys_wave w JOIN surveys_ballot b ON b.wave_id = w.id "
        "WHERE b.id = OLD.ballot_id)"
    )
    return [
        (
            *("wave", "UPDATE", "hashed_seal"),
            f"(NEW.seal_hash {differs} OLD.seal_hash AND NOT {sealing})"
            f" OR ({sealing} AND NEW.seal_hash IS NULL)",
        ),
        (
            *("wave", "UPDATE", "published"),
            f"(NEW.published_by {differs} OLD.published_by AND NOT {publishing})"
            f" OR ({publishing} AND (NEW.published_by IS NULL OR NEW.published_by = NEW.made_by"
            " OR NEW.published_by = NEW.sent_by OR NOT EXISTS"
            " (SELECT 1 FROM surveys_publication WHERE wave_id = NEW.id)))",
        ),
        (
            "side_answer",
            "UPDATE",
            "digested",
            f"NEW.digest {differs} OLD.digest AND {of_side} IN {_ENDED}",
        ),
        ("publication", "INSERT", "sealed", f"{state} <> 'sealed' OR NEW.signed_at IS NOT NULL"),
        (
            *("publication", "UPDATE", "fixed"),
            f"{changed} OR NEW.figures{text} {differs} OLD.figures{text}"
            " OR OLD.signed_at IS NOT NULL OR NEW.signed_at IS NULL OR NEW.signed_by IS NULL",
        ),
        (
            *("publication", "DELETE", "kept"),
            "NOT (SELECT purging FROM surveys_wave WHERE id = OLD.wave_id)",
        ),
    ]


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


def upgrade() -> None:
    # Not in a batch: SQLite would copy the tables, and their triggers would be gone.
    for table, name, kind in _ADDED:
        op.add_column(f"surveys_{table}", sa.Column(name, kind, nullable=True))
    for table, _, name, _ in _OLD_RULES:
        _unguard(table, name)
    for rule in _rules():
        _guard(*rule)


def downgrade() -> None:
    for table, _, name, _ in _rules():
        _unguard(table, name)
    for rule in _OLD_RULES:
        _guard(*rule)
    for table, name, _ in reversed(_ADDED):
        op.drop_column(f"surveys_{table}", name)
