"""How a line shows that it is whole: a checksum bound to its journal, and its number.

    {"n":7,"key":"…","attempt":1,…,"payload":…,"synced":5,"crc":"89abcdef"}

`n` is the number of the line in the file, so lines that are lost or moved are missed. `synced` says
how many lines were on the disk for certain when this one was written: damage to those is a fault
of the disk, damage beyond them is what a crash leaves. The CRC-32 begins with that of the header,
so a line of another journal does not fit.
"""

from __future__ import annotations

import re
import zlib

from evalhouse.journal.entry import AFTER_KEY

_TAIL = len(',"crc":"89abcdef"}')
_SYNCED = b',"synced":'
_NUMBER = re.compile(rb'\{"n":(\d+),')
_CRC = re.compile(rb'[0-9a-f]{8}(?="\}$)')
_PIECE = 5_120  # bytes


def crc32(data: bytes, value: int = 0) -> int:
    """Return the CRC-32 of data, which continues another one's.

    For more than 5 KiB at once zlib lets other threads run, and then waits for its turn again:
    longer, for a line of a journal, than the sum takes.
    """
    if len(data) <= _PIECE:
        return zlib.crc32(data, value)
    view = memoryview(data)
    for start in range(0, len(data), _PIECE):
        value = zlib.crc32(view[start : start + _PIECE], value)
    return value


def seal(body: bytes, seed: int = 0) -> bytes:
    """Close a JSON object that lacks its last brace with its checksum."""
    return b'%b,"crc":"%08x"}' % (body, crc32(body, seed))


def is_sealed(line: bytes, seed: int = 0) -> bool:
    """Tell whether a line is as it was written."""
    return line[-_TAIL:] == b',"crc":"%08x"}' % crc32(line[:-_TAIL], seed)


def seeds(header: bytes) -> tuple[int, ...]:
    """Return what the checksums of lines may begin with: as written, and as counted anew."""
    written = _CRC.search(header)
    counted = crc32(header[:-_TAIL])
    return (int(written[0], 16), counted) if written else (counted,)


def entry_line(number: int, key: bytes, fields: bytes, synced: int) -> bytes:
    """Return the body of a line that holds an entry, to be sealed."""
    return b'{"n":%d,"key":"%b",%b,"synced":%d' % (number, key, fields, synced)


def closing_line(number: int, closing: bytes, synced: int) -> bytes:
    """Return the body of a line that closes a journal, to be sealed."""
    return b'{"n":%d,"closed":%b,"synced":%d' % (number, closing, synced)


def key_of(line: bytes, number: int, seed: int) -> bytes | None:
    """Return the key in a line, as written; None where it is no sound entry of that number."""
    start = b'{"n":%d,"key":"' % number
    if line.startswith(start) and is_sealed(line, seed):
        return line[len(start) : line.index(AFTER_KEY, len(start))]
    return None


def is_closing(line: bytes, number: int, seed: int) -> bool:
    """Tell whether a line is sound and closes a journal."""
    return line.startswith(b'{"n":%d,"closed":' % number) and is_sealed(line, seed)


def number_of(line: bytes) -> int:
    """Return the number that a line gives itself; 0 where it gives none."""
    found = _NUMBER.match(line)
    return int(found[1]) if found else 0


def synced_of(line: bytes) -> int:
    """Return how many lines a sealed line knows to be on the disk."""
    place = line.rindex(_SYNCED) + len(_SYNCED)
    return int(line[place:-_TAIL])


def fault_of(line: bytes, seed: int, *, is_whole: bool) -> str:
    """Say what is wrong with a line that is not the sound one which belongs in its place."""
    if not is_whole:
        return "it ends in the middle"
    if is_sealed(line, seed):
        return f"it is line {number_of(line):,} of what was written"
    return "its checksum does not match"
