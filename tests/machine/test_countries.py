from __future__ import annotations

import json

import pytest

from evalhouse.errors import UsageError
from evalhouse.machine import countries
from evalhouse.machine.countries import UnknownCountryError, check_country, country_names


@pytest.mark.parametrize(
    ("written", "code"), [("USA", "USA"), ("irl", "IRL"), (" Fra ", "FRA"), ("DEU", "DEU")]
)
def test_codes_of_three_letters_pass_however_they_are_written(written: str, code: str) -> None:
    assert check_country(written) == code


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("IE", "`IRL` (Ireland)"),
        ("Ireland", "`IRL` (Ireland)"),
        ("germany", "`DEU` (Germany)"),
        ("Germny", "`DEU` (Germany)"),
        ("US", "`USA` (United States)"),
        ("IRE", "`IRL` (Ireland)"),
    ],
)
def test_what_is_no_code_gets_the_one_that_was_meant(written: str, meant: str) -> None:
    with pytest.raises(UnknownCountryError) as failure:
        check_country(written)
    assert meant in str(failure.value)
    assert f"`{written}`" in str(failure.value)


@pytest.mark.parametrize("written", ["ZZZ", "", "12", "Атлантида", "../etc", "ATA"])
def test_a_country_whose_emissions_would_be_guessed_is_refused(written: str) -> None:
    with pytest.raises(UsageError, match="no carbon intensity is known") as failure:
        check_country(written)
    assert failure.value.exit_code == 2


def test_every_known_code_passes_and_has_a_name() -> None:
    assert len(country_names()) > 200
    assert all(check_country(code) == code for code in country_names())
    assert all(country_names().values())


def test_the_names_are_those_that_codecarbon_uses() -> None:
    source = pytest.importorskip("codecarbon.input").DataSource()
    known = json.loads(source.global_energy_mix_data_path.read_text("utf-8"))
    assert country_names() == {code: mix["country_name"] for code, mix in known.items()}


def test_without_codecarbon_any_three_letters_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(countries, "country_names", dict)
    assert check_country("zzz") == "ZZZ"
    with pytest.raises(UnknownCountryError, match="write it like `USA`"):
        check_country("Zembla")
