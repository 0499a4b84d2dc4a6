"""What is said in a dispute, with pictures."""

from portal.sdk import PicturesField, TextsForm, lazy

MOST = 4


class EvidenceForm(TextsForm):
    """Pictures beside the words: a screenshot, a paper."""

    photos = PicturesField(lazy("Photos"), most=MOST)
