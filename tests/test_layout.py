from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import evalhouse
from evalhouse.records import ENTITIES, Entity
from evalhouse.schema import CATALOG_TABLES, TABLES
from scripts import style

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "evalhouse"
MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_says_what_it_is(module: Path) -> None:
    assert ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in MODULES if PACKAGE / "data" not in path.parents}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.table)
def test_a_record_has_the_columns_of_its_table(entity: type[Entity]) -> None:
    assert set(entity.__struct_fields__) == set(TABLES[entity.table].by_name)


def test_records_are_written_after_what_they_refer_to() -> None:
    order = [table.name for table in CATALOG_TABLES]
    written = [order.index(entity.table) for entity in ENTITIES]
    assert written == sorted(written)


def test_every_reference_leads_to_a_column_of_a_table_before_it() -> None:
    seen: set[str] = set()
    for table in CATALOG_TABLES:
        seen.update(f"{table.name}.{name}" for name in table.by_name)
        assert seen >= {column.references for column in table.columns if column.references}


def test_every_table_and_column_has_a_meaning() -> None:
    columns = [column for table in TABLES.values() for column in table.columns]
    assert all(table.row for table in TABLES.values())
    assert all(column.meaning for column in columns)


def test_no_file_names_a_registry_or_a_machine() -> None:
    found = [fault for path in style.repository_files() for fault in style.forbidden(path)]
    assert not found


def test_nothing_imports_in_a_ring() -> None:
    assert style.cycle("evalhouse") == []


def test_every_command_of_the_makefile_has_help() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    declared = re.findall(r"^\.PHONY: (.+)$", text, re.MULTILINE)[0].split()
    assert re.findall(r"^(\w+):.* ## \w.+$", text, re.MULTILINE) == declared


def test_every_version_is_pinned_by_name_alone() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert not [line for line in lines[1:] if not re.fullmatch(r"[\w.-]+==[\w.+]+", line)]


def test_the_package_offers_what_it_says() -> None:
    assert evalhouse.__all__ == ["House", "__version__", "open"]
    assert all(hasattr(evalhouse, name) for name in evalhouse.__all__)


def test_the_package_has_no_other_names() -> None:
    with pytest.raises(AttributeError, match="no attribute `close`"):
        getattr(evalhouse, "close")  # noqa: B009 - a type checker knows better than to ask
