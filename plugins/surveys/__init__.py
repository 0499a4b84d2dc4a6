"""Surveys of owners: built by staff, answered on a phone, read with intervals."""
