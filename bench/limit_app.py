"""The least that a page from the database can be: the measure that other pages are compared with.

`/pg20` reads twenty rows with their authors by one statement through the ORM and renders them.
The database is that of LIMIT_DATABASE; run as a program it makes the tables there.
"""

import os

from flask import Flask, render_template_string
from sqlalchemy import ForeignKey, create_engine, insert, select
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    contains_eager,
    mapped_column,
    relationship,
)

app = Flask(__name__)
engine = create_engine(os.environ["LIMIT_DATABASE"])
BODY = "A resident wrote about the lobby lights & the <new> gate schedule; " * 7
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>List</title></head>
<body><nav>{% for name in ("home", "forum", "events", "surveys", "points") %}
<a href="/{{ name }}">{{ name }}</a>{% endfor %}</nav><h1>List</h1><ul>{% for each in items %}
<li id="i{{ each.id }}" class="{{ loop.cycle('odd', 'even') }}"><a href="/item/{{ each.id }}">
{{ each.title }}</a> <b>{{ each.author.name }}</b><p>{{ each.body }}</p></li>{% endfor %}
</ul></body></html>"""


class Base(DeclarativeBase):
    """The tables."""


class Author(Base):
    """Who wrote."""

    __tablename__ = "limit_author"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Item(Base):
    """What was written."""

    __tablename__ = "limit_item"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("limit_author.id"), index=True)
    title: Mapped[str]
    body: Mapped[str]
    author: Mapped[Author] = relationship()


@app.get("/pg20")
def twenty() -> str:
    """Show twenty items with their authors."""
    query = select(Item).join(Item.author).options(contains_eager(Item.author))
    with Session(engine) as session:
        found = session.scalars(query.where(Item.id > 100).order_by(Item.id).limit(20)).all()
        return render_template_string(PAGE, items=found)


def fill() -> None:
    """Make 500 authors and 10,000 items."""
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    authors = [{"id": i, "name": f"resident{i}"} for i in range(1, 501)]
    items = [
        {"id": i, "author_id": 1 + i % 500, "title": f"Topic {i} about the garden", "body": BODY}
        for i in range(1, 10_001)
    ]
    with engine.begin() as connection:
        connection.execute(insert(Author), authors)
        connection.execute(insert(Item), items)


if __name__ == "__main__":
    fill()
