"""Referrals for the programs of the staff: verifiers, the rules, payouts."""
