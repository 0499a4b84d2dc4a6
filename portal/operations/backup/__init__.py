"""Backups: one file with the database and the uploads of one moment, and the way back."""
