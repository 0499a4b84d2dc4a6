"""How tokens and audience keys are stored: for FTS5 as texts, on PostgreSQL as vector and array."""

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

POSITIONS_MAX = 16_383

TERMS = sa.Text().with_variant(postgresql.TSVECTOR(), "postgresql")
KEYS = sa.Text().with_variant(postgresql.ARRAY(sa.Text()), "postgresql")


def stored_terms(tokens: Sequence[str], dialect: str) -> str:
    """Return tokens in their order; a literal for PostgreSQL, whose parser would split them."""
    if dialect != "postgresql":
        return " ".join(tokens)
    places: dict[str, list[str]] = defaultdict(list)
    for place, token in enumerate(tokens[:POSITIONS_MAX], start=1):
        places[token].append(str(place))
    return " ".join(f"'{token}':{','.join(where)}" for token, where in places.items())


def stored_keys(keys: Sequence[str], dialect: str) -> str | Sequence[str]:
    """Return audience keys as they are stored."""
    return keys if dialect == "postgresql" else " ".join(keys)
