"""The measurement of a large house, on a small one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import scale
from evalhouse.house import open_house
from evalhouse.views.leaderboard import Leaderboard


def test_a_house_is_filled_and_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--cells", "1000", "--databases", "sqlite", "--keep", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["scale", *arguments])
    monkeypatch.chdir(Path(scale.__file__).parents[1])
    scale.main()
    told = capsys.readouterr().out
    assert "sqlite: 1,000 cells" in told
    assert "10,000 metric rows" in told
    with open_house(tmp_path / "sqlite", create=False) as house:
        board = house.leaderboard(scale.SUITE)
        page = house.pivot(scale.SUITE)
        counted = house.sql("select count(*) as n from metrics").to_pylist()
    assert isinstance(board, Leaderboard)
    assert len(board.rows) == len(page.rows) == 10
    assert len(page.tasks) == 1 + scale.TASKS
    assert counted == [{"n": 10_000}]
