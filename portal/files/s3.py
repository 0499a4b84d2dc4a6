"""Uploads in a bucket that speaks S3: private objects under the names that the folder would have.

Keys, region and endpoint are AWS' own variables (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, …), which
boto3 reads.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import IO, Any
from urllib.parse import urlsplit

CONNECT_SECONDS, READ_SECONDS, TRIES = 3, 20, 2
_IN_MEMORY = 1024 * 1024
_GONE = frozenset({"404", "NoSuchKey"})


class StoreAwayError(OSError):
    """The bucket does not answer or refuses; the text names neither key nor secret."""


@dataclass(frozen=True)
class Bucket:
    """A place for uploads: `prefix` is empty or ends with a slash."""

    name: str
    prefix: str = ""

    def object(self, path: str) -> "S3Object":
        """Return the object at a path below the prefix, whether it is there or not."""
        return S3Object(self, self.prefix + path)

    def objects(self) -> Iterator[tuple["S3Object", int, datetime]]:
        """Yield every object with its bytes and when it was put there. Raises StoreAwayError."""
        with _telling():
            pages = _client().get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.name, Prefix=self.prefix):
                for each in page.get("Contents", ()):
                    yield S3Object(self, each["Key"]), each["Size"], each["LastModified"]


@dataclass(frozen=True)
class S3Object:
    """Where bytes lie in a bucket; what it has in common with a Path is called the same."""

    bucket: Bucket
    key: str

    @property
    def name(self) -> str:
        """Return the last part of the key."""
        return self.key.rpartition("/")[2]

    def write_from(self, stream: IO[bytes]) -> None:
        """Put a stream's bytes here. Raises StoreAwayError."""
        with _telling():
            _client().put_object(Bucket=self.bucket.name, Key=self.key, Body=stream)

    def open(self, mode: str = "rb") -> tempfile.SpooledTemporaryFile[bytes]:
        """Return the bytes as a file of our own. Raises FileNotFoundError, StoreAwayError."""
        assert mode == "rb"
        copy = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - the caller's
        try:
            with _telling():
                body = _client().get_object(Bucket=self.bucket.name, Key=self.key)["Body"]
                for chunk in body.iter_chunks(_IN_MEMORY):
                    copy.write(chunk)
        except BaseException:
            copy.close()
            raise
        copy.seek(0)
        return copy

    def read_bytes(self) -> bytes:
        """Return all bytes. Raises FileNotFoundError, StoreAwayError."""
        with self.open() as file:
            return file.read()

    def is_file(self) -> bool:
        """Tell whether there is such an object. Raises StoreAwayError."""
        try:
            with _telling():
                _client().head_object(Bucket=self.bucket.name, Key=self.key)
        except FileNotFoundError:
            return False
        return True

    def unlink(self, *, missing_ok: bool = True) -> None:
        """Delete the object; one that is not there is no error. Raises StoreAwayError."""
        with _telling():
            _client().delete_object(Bucket=self.bucket.name, Key=self.key)


def bucket_of(url: str) -> Bucket:
    """Return the bucket of s3://BUCKET[/PREFIX]. Raises ValueError when it is none."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or parts.query:
        raise ValueError("no s3://BUCKET")
    prefix = parts.path.strip("/")
    return Bucket(parts.netloc, f"{prefix}/" if prefix else "")


@cache
def _client() -> Any:
    # Loaded only where it is used: it takes its time and its memory.
    import boto3
    from botocore.config import Config

    patience = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": TRIES},
    )
    # A session of its own: the default one is not safe between threads.
    return boto3.session.Session().client("s3", config=patience)


@contextmanager
def _telling() -> Iterator[None]:
    """Raise boto3's errors as those of a file system."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _GONE:
            raise FileNotFoundError(code) from error
        raise StoreAwayError(f"the store refuses: {code}") from error
    except BotoCoreError as error:
        raise StoreAwayError(f"the store does not answer: {type(error).__name__}") from error
