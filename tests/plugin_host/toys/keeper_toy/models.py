"""What the toy keeps: notes of projects with lines below them, and words of the whole club."""

import sqlalchemy as sa

from portal.sdk import db

_MINE = {"ondelete": "RESTRICT"}
note = sa.Table(
    "keeper_note",
    db.metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("project_id", sa.ForeignKey("project.id", **_MINE), nullable=False, index=True),
    sa.Column("text", sa.String(20), nullable=False),
)
line = sa.Table(
    "keeper_line",
    db.metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("note_id", sa.ForeignKey("keeper_note.id"), nullable=False),
)
word = sa.Table("keeper_word", db.metadata, sa.Column("id", sa.Integer, primary_key=True))
