from __future__ import annotations

from pathlib import Path

from evalhouse.workflows.annotation.sweep import plan_sweep, run_sweep
from tests.workflows.annotation.runs import task_folder

GRID = """\
task: tasks/town
provider: baseline
model: [majority, best, random]
energy: false
resamples: 20
"""


def test_what_fails_holds_up_nothing_and_what_is_done_is_skipped(tmp_path: Path) -> None:
    task_folder(tmp_path / "tasks", rows=6)
    grid = tmp_path / "grid.yaml"
    grid.write_text(GRID, "utf-8")
    planned = plan_sweep(grid, {"outputs": str(tmp_path / "outputs")})
    begun: list[int] = []
    first = run_sweep(planned, each=lambda number, _: begun.append(number))
    assert begun == [1, 2, 3]
    assert [bool(each.failure) for each in first] == [False, True, False]
    assert "no baseline is called `best`" in first[1].failure
    again = run_sweep(planned)
    assert [each.run.was_there if each.run else None for each in again] == [True, None, True]
    assert len(list((tmp_path / "outputs" / "town").iterdir())) == 2
