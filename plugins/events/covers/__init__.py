"""Covers of one's own: a picture that staff upload, with words for who cannot see it."""
