"""Telling those who are asked: invitations, reminders, a poster."""
