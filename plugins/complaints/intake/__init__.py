"""Complaints by telephone and at the desk, which the staff write down for a member."""
