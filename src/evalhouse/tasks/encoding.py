"""The bytes of a file: their hash, and whether they are UTF-8."""

from __future__ import annotations

import hashlib
from pathlib import Path

from evalhouse.tasks.faults import Faults, Place

_MARKS = {
    b"\xff\xfe\x00\x00": "UTF-32",
    b"\x00\x00\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
_EXCERPT = 16
_ADVICE = "save the file as UTF-8, in a spreadsheet as `CSV UTF-8`"


def hashed(path: Path, file: str, faults: Faults) -> str | None:
    """Return the SHA-256 of a file, or None if it is not UTF-8 text (with or without a mark)."""
    digest, is_text = hashlib.sha256(), True
    try:
        with path.open("rb") as stream:
            for number, line in enumerate(stream, 1):
                digest.update(line)
                is_text = is_text and _check(line, Place(file, line=number), faults)
    except OSError as failure:
        reason = failure.strerror or str(failure)
        faults.add(
            "unreadable_file",
            Place(file),
            f"the file cannot be read: {reason}",
            expected="a file that may be read",
            advice="look at its permissions and its place",
        )
        return None
    return digest.hexdigest() if is_text else None


def _check(line: bytes, place: Place, faults: Faults) -> bool:
    wide = _wide(line) if place.line == 1 else None
    if wide:
        found = f"the file is {wide}"
    else:
        try:
            line.decode()
        except UnicodeDecodeError as failure:
            found = _undecodable(line, failure)
        else:
            return True
    faults.add("encoding", place, found, expected="UTF-8", advice=_ADVICE)
    return False


def _wide(line: bytes) -> str | None:
    """Return the encoding of text with two or four bytes a character."""
    # Text in a Latin script has a zero in every second byte, where nobody marked it.
    marked = next((name for mark, name in _MARKS.items() if line.startswith(mark)), None)
    head = line[:4096]
    return marked or ("UTF-16 without a mark" if head.count(0) * 4 > len(head) > 1 else None)


def _undecodable(line: bytes, failure: UnicodeDecodeError) -> str:
    start = max(0, failure.start - _EXCERPT)
    around = line[start : failure.start + _EXCERPT].decode("cp1252", "replace").strip()
    return (
        f"byte {failure.start + 1} of the line (0x{line[failure.start]:02x}) is not UTF-8; "
        f"as Latin-1 the line reads `…{around}…`"
    )
