"""Seats that are drawn: shuffled among the first minutes, or a ballot of all entries."""
