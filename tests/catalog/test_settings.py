from __future__ import annotations

from evalhouse.catalog import HEAD, Catalog


def test_a_setting_is_what_was_set_last(catalog: Catalog) -> None:
    assert catalog.setting("name") is None
    catalog.set_setting("name", "one")
    catalog.set_setting("name", "two")
    assert catalog.setting("name") == "two"


def test_a_setting_made_once_keeps_its_first_value(catalog: Catalog) -> None:
    assert catalog.setting_once("host", lambda: "first") == "first"
    assert catalog.setting_once("host", lambda: "second") == "first"


def test_the_first_of_two_writers_wins_even_when_both_saw_nothing(catalog: Catalog) -> None:
    def slow() -> str:
        catalog.set_setting("host", "quicker")
        return "slower"

    assert catalog.setting_once("host", slow) == "quicker"


def test_each_change_of_a_setting_counts_a_version(catalog: Catalog) -> None:
    assert catalog.version() == 0
    catalog.set_setting("name", "one")
    catalog.setting_once("name", lambda: "two")
    assert catalog.version() == 1


def test_a_new_catalog_is_at_the_newest_revision(catalog: Catalog) -> None:
    assert catalog.revision() == HEAD
