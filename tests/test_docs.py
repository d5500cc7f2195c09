from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from evalhouse.schema import TABLES, Column
from scripts import reference

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)\s]+)\)")


def test_the_reference_says_what_the_schema_says() -> None:
    for name, write in reference.PAGES.items():
        assert (reference.FOLDER / name).read_text(encoding="utf-8") == write()


@pytest.mark.parametrize("name", TABLES)
def test_every_table_and_each_of_its_columns_has_a_line_in_the_reference(name: str) -> None:
    section = reference.page().partition(f"### {name}\n")[2].partition("\n### ")[0]
    assert TABLES[name].row in section
    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(TABLES[name].by_name)


def test_a_vertical_bar_does_not_break_a_table() -> None:
    column = Column("x", "text", "a|b")
    assert reference.row(column) == "| `x` | text |  | a\\|b |"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_inside_the_repository_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        target, _, heading = link.partition("#")
        if "://" in target:
            continue
        other = page.parent / target if target else page
        assert other.exists(), link
        assert not heading or heading in _headings(other), link


def _headings(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_architecture_maps_every_part_of_the_package() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    mapped = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| `.*?\|", page, re.MULTILINE))))
    assert mapped == _layers() | {"data"}


def test_design_is_ten_rules() -> None:
    page = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    assert re.findall(r"^(\d+)\. \*\*", page, re.MULTILINE) == [str(n) for n in range(1, 11)]


def _layers() -> set[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = settings["tool"]["importlinter"]["contracts"][0]
    return set(re.findall(r"\w+", " ".join(contract["layers"])))
