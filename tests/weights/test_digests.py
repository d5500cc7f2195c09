from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from time import sleep

import pytest

from evalhouse.errors import WeightsError
from evalhouse.weights import cache, digest, digests
from tests.weights.made import Gguf

PARTS = [f"m-0000{number}-of-00002.gguf" for number in (1, 2)]
OLD = 1_700_000_000_000_000_000  # a time of change in nanoseconds, long enough ago


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def hashed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of files that are read to be hashed."""
    found: list[str] = []
    real = digests._hash

    def counted(path: Path, meter: digests._Meter) -> str:
        found.append(path.name)
        return real(path, meter)

    monkeypatch.setattr(digests, "_hash", counted)
    return found


def _file(path: Path, content: bytes = b"GGUF weights", time: int = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(time, time))
    return path


def _entries(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "evalhouse" / "weights").iterdir())


def test_of_one_file_it_is_the_sha_256_of_the_file(tmp_path: Path) -> None:
    path = _file(tmp_path / "m" / "m.gguf")
    expected = hashlib.sha256(b"GGUF weights").hexdigest()
    assert digest(path) == digest(path.parent) == expected


def test_of_several_files_it_is_that_of_their_digests_in_order(tmp_path: Path) -> None:
    for folder, stem in (("a", "m"), ("b", "other")):
        for name, content in zip(PARTS, (b"GGUF 1", b"GGUF 2"), strict=True):
            _file(tmp_path / folder / name.replace("m-", f"{stem}-"), content)
    each = [hashlib.sha256(content).hexdigest() for content in (b"GGUF 1", b"GGUF 2")]
    expected = hashlib.sha256(f"{each[0]}\n{each[1]}\n".encode()).hexdigest()
    assert digest(tmp_path / "a") == digest(tmp_path / "b") == expected
    assert digest(tmp_path / "a" / PARTS[1]) == expected
    sleep(0.02)
    _file(tmp_path / "b" / "other-00002-of-00002.gguf", b"GGUF 3")
    assert digest(tmp_path / "b") != expected


def test_a_file_that_did_not_change_is_hashed_once(tmp_path: Path, hashed: list[str]) -> None:
    path = _file(tmp_path / "m.gguf")
    link = tmp_path / "link.gguf"
    link.symlink_to(path)
    assert digest(path) == digest(path) == digest(link)
    assert hashed == ["m.gguf"]
    (entry,) = _entries(tmp_path)
    assert json.loads(entry.read_text("utf-8")) == {
        "path": str(path),
        "size": 12,
        "mtime_ns": OLD,
        "ctime_ns": path.stat().st_ctime_ns,
        "inode": path.stat().st_ino,
        "sha256": digest(path),
    }


@pytest.mark.parametrize(
    ("content", "time"), [(b"GGUF WEIGHTS", OLD + 1), (b"GGUF", OLD), (b"GGUF WEIGHTS", OLD)]
)
def test_a_file_that_was_written_again_is_hashed_again(
    tmp_path: Path, hashed: list[str], content: bytes, time: int
) -> None:
    path = _file(tmp_path / "m.gguf")
    digest(path)
    sleep(0.02)  # the clock of a file system may tick a hundred times a second
    _file(path, content, time)
    assert digest(path) == hashlib.sha256(content).hexdigest()
    assert hashed == ["m.gguf"] * 2


def test_a_file_in_the_place_of_another_is_hashed_again(tmp_path: Path, hashed: list[str]) -> None:
    path = _file(tmp_path / "m.gguf")
    digest(path)
    _file(tmp_path / "new.gguf", b"GGUF WEIGHTS").replace(path)  # same size and time
    assert digest(path) == hashlib.sha256(b"GGUF WEIGHTS").hexdigest()


def test_a_file_that_was_just_written_is_not_remembered(tmp_path: Path, hashed: list[str]) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"GGUF")
    digest(path)
    digest(path)
    assert hashed == ["m.gguf"] * 2


@pytest.mark.parametrize("text", ["", "{", "[]", "\0" * 100, '{"path": 1}', "NOT A DIGEST"])
def test_a_damaged_cache_is_ignored_and_mended(
    tmp_path: Path, hashed: list[str], text: str
) -> None:
    path = _file(tmp_path / "m.gguf")
    expected = digest(path)
    (entry,) = _entries(tmp_path)
    if text == "NOT A DIGEST":
        text = entry.read_text("utf-8").replace(expected, text)
    entry.write_text(text, encoding="utf-8")
    assert digest(path) == digest(path) == expected
    assert hashed == ["m.gguf"] * 2


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, hashed: list[str]) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be", encoding="utf-8")
    path = _file(tmp_path / "m.gguf")
    assert digest(path) == digest(path)
    assert hashed == ["m.gguf"] * 2


def test_nothing_is_left_of_an_entry_that_could_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    digest(_file(tmp_path / "m.gguf"))
    assert _entries(tmp_path) == []


@pytest.mark.parametrize("stated", ["", "relative/cache"])
def test_without_an_absolute_folder_the_cache_is_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stated: str
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", stated)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.cache_folder() == tmp_path / ".cache" / "evalhouse" / "weights"


def test_progress_is_told_over_all_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digests, "_CHUNK", 4)
    for name in PARTS:
        _file(tmp_path / "m" / name, b"GGUF12")
    told: list[tuple[int, int]] = []
    digest(tmp_path / "m", progress=lambda done, total: told.append((done, total)))
    assert told == [(4, 12), (6, 12), (10, 12), (12, 12)]
    told.clear()
    digest(tmp_path / "m", progress=lambda done, total: told.append((done, total)))
    assert told == [(6, 12), (12, 12)]


def test_a_file_that_changes_while_it_is_read_gives_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _file(tmp_path / "m.gguf")
    monkeypatch.setattr(digests, "_hash", lambda *_: _file(path, b"GGUF", OLD + 5).name)
    with pytest.raises(WeightsError, match="it changed while it was read; try again when nothing"):
        digest(path)


def test_a_file_whose_name_is_no_text_is_remembered_too(tmp_path: Path, hashed: list[str]) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.gguf"))
    _file(path)
    assert digest(path) == digest(path)
    assert len(hashed) == 1


PROGRAM = """
import sys
from pathlib import Path
from evalhouse.weights import digest
for _ in range(30):
    print(digest(Path(sys.argv[1])))
    for entry in Path(sys.argv[2]).glob("*.json"):
        entry.unlink(missing_ok=True)
"""


def test_processes_at_once_do_not_damage_the_cache(tmp_path: Path) -> None:
    path = _file(tmp_path / "m.gguf", Gguf().file({}, {}))
    folder = tmp_path / "cache" / "evalhouse" / "weights"
    command = [sys.executable, "-c", PROGRAM, str(path), str(folder)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = {line for process in running for line in process.communicate()[0].split()}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert told == {hashlib.sha256(path.read_bytes()).hexdigest()}
    assert not [entry for entry in folder.iterdir() if entry.suffix != ".json"]
