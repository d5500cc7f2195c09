"""Where files lie: a local folder, or a prefix of a bucket, behind one pyarrow file system."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pyarrow import fs

from evalhouse.errors import DamagedHouseError, HouseError, UsageError, boundary


class Place:
    """A folder or `s3://bucket/prefix`; cheap to make and to send to another process.

    `options` are the AWS_* settings of a bucket, by default those of the environment
    (AWS_ENDPOINT_URL and AWS_ALLOW_HTTP included).
    """

    def __init__(self, uri: str, options: Mapping[str, str] | None = None) -> None:
        self.is_bucket = "://" in uri
        if self.is_bucket and urlsplit(uri).scheme != "s3":
            raise UsageError(
                f"`{uri}` is no address of a lake; give a folder or `s3://bucket/path`"
            )
        self.uri = uri.rstrip("/") if self.is_bucket else str(Path(uri).expanduser().absolute())
        self._options = None if options is None else dict(options)

    def __getstate__(self) -> dict[str, Any]:
        """Leave the open file system behind, which no other process can use."""
        return {name: value for name, value in vars(self).items() if name != "filesystem"}

    @property
    def options(self) -> dict[str, str]:
        """Return the settings of the bucket; empty for a folder."""
        if not self.is_bucket:
            return {}
        if self._options is not None:
            return self._options
        return {name: value for name, value in os.environ.items() if name.startswith("AWS_")}

    @cached_property
    def filesystem(self) -> fs.FileSystem:
        """Return the file system that holds it."""
        return _bucket_filesystem(self.options) if self.is_bucket else fs.LocalFileSystem()

    def path(self, *parts: str) -> str:
        """Return the path of something inside, as the file system spells it."""
        root = self.uri.removeprefix("s3://")
        return "/".join((root, *parts))

    def address(self, *parts: str) -> str:
        """Return the address of something inside, as other programs spell it."""
        return "/".join((self.uri, *parts))

    def require(self) -> None:
        """Raise DamagedHouseError where the folder is gone; a prefix of a bucket never is."""
        if not self.is_bucket and not Path(self.uri).is_dir():
            raise DamagedHouseError(
                f"the lake `{self.uri}` is gone; put it back, or correct `lake` in `house.toml`"
            )

    def files(self, folder: str, prefix: str) -> list[str]:
        """Return the names of the files in a folder inside that begin so."""
        selector = fs.FileSelector(self.path(folder), allow_not_found=True)
        found = self.filesystem.get_file_info(selector)
        return [each.base_name for each in found if each.base_name.startswith(prefix)]

    def make_folder(self, *parts: str) -> None:
        """Make the folder of something inside; a bucket needs none."""
        if not self.is_bucket:
            with boundary(HouseError, on=(OSError,)):
                Path(self.path(*parts)).mkdir(parents=True, exist_ok=True)

    def check(self) -> None:
        """Make sure that the place can be reached, or say why not."""
        if not self.is_bucket:
            self.make_folder()
            return
        bucket = self.path().split("/", 1)[0]
        try:
            found = self.filesystem.get_file_info(bucket)
        except OSError as failure:
            raise HouseError(
                f"the bucket of `{self.uri}` cannot be reached: {failure}"
            ) from failure
        if found.type == fs.FileType.NotFound:
            raise HouseError(
                f"there is no bucket `{bucket}`; make it first, or correct the address"
            )


def _bucket_filesystem(options: Mapping[str, str]) -> fs.FileSystem:
    known = {name.upper(): value for name, value in options.items()}
    settings: dict[str, Any] = {
        "access_key": known.get("AWS_ACCESS_KEY_ID"),
        "secret_key": known.get("AWS_SECRET_ACCESS_KEY"),
        "session_token": known.get("AWS_SESSION_TOKEN"),
        "region": known.get("AWS_REGION") or known.get("AWS_DEFAULT_REGION"),
    }
    endpoint = known.get("AWS_ENDPOINT_URL_S3") or known.get("AWS_ENDPOINT_URL")
    if endpoint:
        parts = urlsplit(endpoint)
        settings |= {
            "endpoint_override": parts.netloc or endpoint,
            "scheme": parts.scheme or "https",
        }
    with boundary(HouseError, on=(OSError, ValueError)):
        return fs.S3FileSystem(**{name: value for name, value in settings.items() if value})
