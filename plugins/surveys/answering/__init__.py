"""Answering: what owners see of a wave, drafts, and the one transaction that takes an answer."""
