from __future__ import annotations

import re
from pathlib import Path

from evalhouse.coders.findings import examine
from evalhouse.coders.issues import ISSUE_TYPES
from evalhouse.coders.tables import tables
from evalhouse.workflows.estimate import STATISTICS
from evalhouse.workflows.reliability import SUMMARY
from tests.coders.made import panel

PAGE = (Path(__file__).parents[2] / "docs" / "people.md").read_text(encoding="utf-8")


def _names(section: str) -> list[str]:
    part = PAGE.partition(f"# {section}\n")[2].partition("\n#")[0]
    return re.findall(r"^\| `([^`]+)` \|", part, re.MULTILINE)


def test_every_type_of_issue_is_explained() -> None:
    assert _names("Issues") == list(ISSUE_TYPES)


def test_every_file_is_explained(tmp_path: Path) -> None:
    assert set(_names("Files")) == {
        *tables(examine(panel(tmp_path, {"1": {}}, {"1": {}}))),
        SUMMARY,
    }


def test_every_statistic_is_explained() -> None:
    assert sorted(_names("Estimates of all rows")) == sorted(STATISTICS)
