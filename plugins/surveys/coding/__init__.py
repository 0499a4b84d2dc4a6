"""Answers in words: a code book, two who sort them apart from each other, a third who decides."""
