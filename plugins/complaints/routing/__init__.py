"""Whose hands a complaint goes into: of a category, of a stand-in, of a colleague."""
