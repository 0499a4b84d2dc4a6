"""Series: a rule that makes dates of an activity, each a row with seats of its own; copies."""
