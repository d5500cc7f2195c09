from __future__ import annotations

import sys
from pathlib import Path

import pytest

from scripts import style


def _module(folder: Path, text: str) -> style.Module:
    path = folder / "module.py"
    path.write_text(text, encoding="utf-8")
    return style.read(path)


def test_comments_and_docstrings_are_no_code(tmp_path: Path) -> None:
    module = _module(tmp_path, '"""One.\n\nTwo.\n"""\n\n# three\nx = 1  # four\ny = (\n    2\n)\n')
    assert len(module.code) == 4
    assert module.comments == 2


def test_a_module_of_more_than_400_lines_is_named(tmp_path: Path) -> None:
    assert not list(style.too_long([_module(tmp_path, "x = 1\n" * 400)]))
    (fault,) = style.too_long([_module(tmp_path, "x = 1\n" * 401)])
    assert "module.py has 401 code lines" in fault


def test_modules_that_import_one_another_inside_functions_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "ringed"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "a.py").write_text("from ringed import b\n", encoding="utf-8")
    (package / "b.py").write_text("def f():\n    import ringed.a\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    assert set(style.cycle("ringed")) == {"ringed.a", "ringed.b"}
    assert "ringed.a" not in sys.modules


@pytest.mark.parametrize(
    "words",
    [
        ("https://py", "pi.org/simple"),
        ("https://files.python", "hosted.org/x"),
        ("see /wo", "rk/main/x"),
        ("/ro", "ot/.cache"),
        ("'/ho", "me/someone'"),
    ],
)
def test_a_registry_or_a_place_of_one_machine_is_found(
    tmp_path: Path, words: tuple[str, str]
) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"fine\n{''.join(words)}\n", encoding="utf-8")
    (fault,) = style.forbidden(path)
    assert "page.md:2 names" in fault


@pytest.mark.parametrize("text", ["https://example.org/home/", "a framework/x", "$HOME/house"])
def test_other_places_are_not(tmp_path: Path, text: str) -> None:
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    assert not list(style.forbidden(path))


def test_bytes_that_are_no_text_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "dump.gz"
    path.write_bytes(b"\x1f\x8b\xff")
    assert not list(style.forbidden(path))


def test_figures_see_methods_nesting_and_copies(tmp_path: Path) -> None:
    body = "".join(f"        x = {n}\n" for n in range(5))
    loop = "        if a:\n            for c in b:\n                c\n"
    copy = f"    def {{}}(self, a, *b):\n{body}{loop}"
    module = _module(tmp_path, f"class A:\n{copy.format('one')}\n{copy.format('two')}")
    told = {name: value for name, value, _ in style.figures([module], [])}
    assert told["class, methods, max"] == "2"
    assert told["nesting, p90/max"] == "2/2"
    assert told["parameters, p90/max"] == "2/2"
    assert told["copies of 5 lines or more"] == "100%"
    assert told["public functions documented"] == "0%"
