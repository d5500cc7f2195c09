"""Files as they are read here: bounded, and with one sentence for what goes wrong."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from evalhouse.errors import WeightsError

AGAIN = "download or convert it again, or name another"
_LARGEST_JSON = 32 * 2**20  # bytes; the index of a model with 100,000 tensors has 10 MB


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Tell in a sentence what the system says about a file."""
    try:
        yield
    except OSError as failure:
        reason = failure.strerror or str(failure)
        raise WeightsError(str(path), reason, "check the path and the rights to it") from failure


def read_object(path: Path, *, limit: int = _LARGEST_JSON) -> dict[str, Any]:
    """Return the JSON object of a file, which is at most `limit` bytes long.

    Raises:
        WeightsError: where it is longer, no JSON, or no object.
    """
    with reading(path), path.open("rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise WeightsError(str(path), f"it is longer than {limit:,} bytes", AGAIN)
    return parsed_object(data, path)


def parsed_object(data: bytes, path: Path) -> dict[str, Any]:
    """Return the JSON object that bytes of a file hold; no key may be there twice."""
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_once)
    except UnicodeDecodeError as failure:
        what = f"its JSON is not UTF-8 at byte {failure.start:,}"
        raise WeightsError(str(path), what, AGAIN) from failure
    except RecursionError as failure:
        what = "its JSON is nested too deeply"
        raise WeightsError(str(path), what, AGAIN) from failure
    except ValueError as failure:
        raise WeightsError(str(path), f"its JSON is damaged: {failure}", AGAIN) from failure
    if not isinstance(found, dict):
        what = f"its JSON is a {type(found).__name__} and an object is expected"
        raise WeightsError(str(path), what, AGAIN)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"it has `{twice[:80]}` twice")
    return found
