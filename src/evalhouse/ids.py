"""Identity: canonical JSON, SHA-256, and UUIDv5 namespaces.

The same natural key gives the same id on every machine and in every database. Ids are 36
lower-case characters everywhere outside PostgreSQL's own storage.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
import uuid
from typing import Any

ROOT = uuid.uuid5(uuid.NAMESPACE_DNS, "evalhouse")

# Namespaces of a foreign system whose ids we can compute, to resolve them as aliases.
BAKEOFF_MODELS = uuid.UUID("dbc87c22-6b6d-4f89-9757-d186f0f62719")
BAKEOFF_CREATORS = uuid.UUID("efaf4f4e-cbd1-43f7-a535-f72079513d00")

_SEPARATOR = "\x1f"
_UNSAFE = re.compile("[\x00\x1f\ud800-\udfff]")


def canonical_json(value: Any) -> str:
    """Render `value` with sorted keys and compact separators, as hashed and compared."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def sha256_hex(data: bytes | str) -> str:
    """Return the SHA-256 of bytes, or of text encoded as UTF-8 with surrogates escaped."""
    if isinstance(data, str):
        data = data.encode("utf-8", "backslashreplace")
    return hashlib.sha256(data).hexdigest()


def derive(table: str, *parts: str | None) -> str:
    """Return the UUIDv5 of a natural key in the namespace of `table`.

    Parts are normalised to Unicode NFC; `None` differs from the empty text.
    """
    namespace = uuid.uuid5(ROOT, table)
    key = _SEPARATOR.join("\x00" if part is None else _clean(part) for part in parts)
    return str(uuid.uuid5(namespace, key))


def _clean(part: str) -> str:
    text = unicodedata.normalize("NFC", part)
    if not _UNSAFE.search(text):
        return text
    # Marked, so that no other text looks like it: separators and lone surrogates, spelled out.
    spelled = _UNSAFE.sub(lambda found: f"\\{ord(found[0]):x};", text.replace("\\", "\\\\"))
    return "\x00" + spelled


def random_id() -> str:
    """Return a random id, for what has no natural key (our own runs, batches, hosts)."""
    return str(uuid.uuid4())


def creator_id(name: str) -> str:
    """Return the id of a creator (an organisation or person) by its canonical name."""
    return derive("creators", name)


def model_id(
    provider: str,
    name: str,
    version: str | None = None,
    *,
    quantization: str | None = None,
    adapter: str | None = None,
) -> str:
    """Return the id of a model as first known; `version` is the version or revision."""
    return derive("models", provider, name, version, quantization, adapter)


def bare_sha256(text: str) -> str:
    """Return a SHA-256 as it is stored: lower-case digits without the prefix `sha256:`.

    >>> bare_sha256("SHA256:AB12")
    'ab12'
    """
    return text.strip().lower().removeprefix("sha256:")


def weights_ids(model_hash: str) -> tuple[tuple[str, str], ...]:
    """Return the ids that the SHA-256 of weights gives, each with the text that it is made of.

    Ours comes first, then those of bakeoff, which hashes the text as it was given.
    """
    prefixed = f"sha256:{model_hash}"
    foreign = ((str(uuid.uuid5(BAKEOFF_MODELS, text)), text) for text in (prefixed, model_hash))
    return ((derive("models", prefixed), prefixed), *foreign)


def lookup_id(table: str, name: str) -> str:
    """Return the id of a row of a lookup table by its name."""
    return derive(table, name)


def task_key_hash(path: str) -> str:
    """Return the SHA-256 of a task's canonical path in its tree."""
    return sha256_hex(_clean(path))


def task_id(path: str) -> str:
    """Return the id of a task by its canonical path in its tree (`suite/task/variant`)."""
    return derive("tasks", path)


def prompt_id(task: str, prompt_hash: str) -> str:
    """Return the id of a prompt: its task's id and the SHA-256 of its text."""
    return derive("prompts", task, prompt_hash)


def run_id(source_format: str, *native_key: str | None) -> str:
    """Return the id of a foreign run from the native run key that its format declares."""
    return derive("runs", source_format, *native_key)


def measurement_id(
    run: str,
    prompt: str | None = None,
    model: str | None = None,
    attempt: int = 0,
    slot: int | None = None,
) -> str:
    """Return the id of a measurement: of a result, or of a whole run where no prompt is named."""
    place = None if slot is None else str(slot)
    return derive("run_hardware_metrics", run, prompt, model, str(attempt), place)


def unit_id(run: str, part: str) -> str:
    """Return the id of the smallest part of a run that is replaced as a whole."""
    return derive("units", run, part)


def source_id(source_format: str, *native_key: str | None) -> str:
    """Return the id of a source (one dump) from its native key, wherever it lies."""
    return derive("sources", source_format, *native_key)


def source_file_id(source: str, relative_path: str) -> str:
    """Return the id of a file inside a source, wherever the source lies."""
    return derive("files", source, relative_path.replace("\\", "/"))


def file_location_id(source: str, path: str) -> str:
    """Return the id of one place (an absolute path or URL) where a source's file was seen."""
    return derive("locations", source, path)
