from __future__ import annotations

import re
from pathlib import Path

from evalhouse.tasks.check import check_task
from evalhouse.tasks.conditions import AllOf
from evalhouse.tasks.faults import KINDS, Faults
from evalhouse.tasks.reading import read_codebook

PAGE = (Path(__file__).parents[2] / "docs" / "tasks.md").read_text(encoding="utf-8")


def test_the_codebook_of_the_page_has_no_fault(tmp_path: Path) -> None:
    written = PAGE.partition("```yaml\n")[2].partition("```")[0]
    (tmp_path / "codebook.yaml").write_text(written, encoding="utf-8")
    faults = Faults()
    read = read_codebook(tmp_path / "codebook.yaml", "codebook.yaml", faults)
    assert read
    assert not faults.kept
    assert {each.field.kind for each in read[0].annotations} == {
        *("checkbox", "dropdown", "multiselect", "likert", "textbox", "span")
    }
    assert isinstance(read[0].by_column["Stance_Strength"].condition, AllOf)


def test_the_page_lists_every_kind_of_fault_with_its_severity() -> None:
    assert dict(re.findall(r"^\| `(\w+)` \| (error|warning) \|", PAGE, re.MULTILINE)) == KINDS


def test_every_bundled_task_has_no_fault() -> None:
    folders = [path.parent for path in (Path(__file__).parents[2] / "examples").rglob("codebook.*")]
    assert folders
    assert all(check_task(folder).faults == () for folder in folders)
