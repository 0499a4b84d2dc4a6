"""Owners introduce buyers, whose consent comes first."""
