"""What can be wrong with an upload, in a word for programs and a sentence for people."""

from portal.i18n import Text, gettext, lazy

SENTENCES: dict[str, Text] = {
    "missing": lazy("No file arrived. Choose one and send it again."),
    "empty": lazy("The file is empty. Choose another one."),
    "too_large": lazy("The file is too large. Choose one of at most %(megabytes)s MB."),
    "not_picture": lazy("This is not a picture that we can read. Send a JPEG, PNG or WebP."),
    "heic": lazy(
        "Photos in HEIC form cannot be read yet. In the phone's camera settings choose "
        "“Most compatible”, or send a screenshot of the photo."
    ),
    "broken": lazy("The picture is damaged or did not arrive whole. Send it again."),
    "too_many_pixels": lazy("The picture has too many pixels. Send one of at most 40 megapixels."),
    "too_many": lazy("These are too many files. Choose at most %(most)s."),
    "too_small": lazy("The picture is too small to read anything on it. Send a larger one."),
}


class UploadError(Exception):
    """An upload cannot be taken; `code` is a key of SENTENCES, `file_name` what it was called."""

    def __init__(
        self, code: str, *, file_name: str = "", megabytes: int = 0, most: int = 0
    ) -> None:
        super().__init__(code)
        self.code = code
        self.file_name = file_name
        self.megabytes = megabytes
        self.most = most

    @property
    def sentence(self) -> str:
        """Say in the reader's language what is wrong and what to do."""
        words = str(SENTENCES[self.code]).replace("%(megabytes)s", str(self.megabytes))
        words = words.replace("%(most)s", str(self.most))
        if not self.file_name:
            return words
        return gettext("%(subject)s: %(sentence)s", subject=self.file_name, sentence=words)
