"""Vouchers: codes that are worth something, used whole or in parts."""
