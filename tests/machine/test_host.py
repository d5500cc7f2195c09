from __future__ import annotations

import os
import threading
import uuid
from pathlib import Path

import pytest

from evalhouse.machine import host


def test_an_id_is_made_once_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "a" / "host.json"
    first = host.host_id(file)
    assert first is not None
    assert uuid.UUID(first).version == 4
    assert host.host_id(file) == first


@pytest.mark.skipif(os.name == "nt", reason="other rights")
def test_only_its_user_may_read_it(tmp_path: Path) -> None:
    host.host_id(tmp_path / "host.json")
    assert (tmp_path / "host.json").stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["host.json"]


def test_who_comes_at_the_same_time_gets_the_same(tmp_path: Path) -> None:
    found: list[str | None] = []
    threads = [
        threading.Thread(target=lambda: found.append(host.host_id(tmp_path / "host.json")))
        for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"host_id": 5}', '{"host_id": "me"}', "\x00"])
def test_a_damaged_file_is_no_id_and_left_as_it_is(tmp_path: Path, content: str) -> None:
    file = tmp_path / "host.json"
    file.write_text(content, "utf-8")
    assert host.host_id(file) is None
    assert file.read_text("utf-8") == content


def test_where_nothing_can_be_kept_there_is_no_id(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    assert host.host_id(tmp_path / "file" / "host.json") is None


def test_it_is_kept_with_the_users_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    kept = tmp_path / ".config" / "evalhouse" / "host.json"
    assert host.host_file({}) == kept
    assert host.host_file({"XDG_CONFIG_HOME": "relative"}) == kept
    elsewhere = tmp_path / "elsewhere"
    assert host.host_file({"XDG_CONFIG_HOME": str(elsewhere)}) == elsewhere / "evalhouse/host.json"


def test_a_user_without_a_home_has_no_id(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    assert host.host_file() is None
    assert host.host_id() is None
