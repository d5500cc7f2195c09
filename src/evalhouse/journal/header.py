"""The first line of a journal: whose it is."""

from __future__ import annotations

import json
import time
from typing import Any

import msgspec

from evalhouse import ids
from evalhouse.errors import DamagedJournalError, JournalError
from evalhouse.journal.configuration import Configuration
from evalhouse.journal.seal import is_sealed, seal, seeds
from evalhouse.version import __version__

FORMAT = 1


class Header(msgspec.Struct, frozen=True):
    """What a journal says about itself.

    Attributes:
        journal: The version of the format.
        id: A random id of the file.
        code: The version of evalhouse that began it.
        created: When, in seconds since 1970 (UTC).
        sha256: The hash of the configuration, whatever the secrets in it are.
        configuration: All that the recorded work depends on; secrets are replaced.
        seed: What the checksum of each line begins with.
    """

    journal: int
    id: str
    code: str
    created: float
    sha256: str
    configuration: Any
    seed: int = 0


def new_header(configuration: Configuration) -> bytes:
    """Return the first line of a new journal, with its line break."""
    fields = {
        "journal": FORMAT,
        "id": ids.random_id(),
        "code": __version__,
        "created": time.time(),
        "sha256": configuration.sha256,
    }
    start = msgspec.json.encode(fields)[:-1]
    return seal(b'%b,"configuration":%b' % (start, configuration.json)) + b"\n"


def read_header(line: bytes, path: str, *, is_whole: bool = True) -> Header:
    """Read the first line of a journal.

    Raises:
        DamagedJournalError: It is not as it was written.
        JournalError: A newer program wrote it.
    """
    if not (is_whole and is_sealed(line)):
        raise DamagedJournalError(path, 1, 0, "it is no header of a journal, or an altered one")
    try:
        # The standard library reads lone surrogates, as names of files may hold them.
        header = msgspec.convert(json.loads(line), Header)
    except ValueError as failure:
        raise DamagedJournalError(path, 1, 0, f"the header cannot be read: {failure}") from failure
    if header.journal > FORMAT:
        raise JournalError(
            f"the journal `{path}` has format {header.journal}, and this program knows {FORMAT}; "
            "install a newer evalhouse"
        )
    return msgspec.structs.replace(header, seed=seeds(line)[0])
