"""Owners who share one lead: who has which part, drawn to the fen."""
