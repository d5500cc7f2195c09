from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.machine.energy import Energy, Measured, energy_per, sum_of_sessions, total

FIRST = Energy(
    scope="local",
    seconds=10.0,
    cpu_kwh=0.1,
    gpu_kwh=0.2,
    ram_kwh=0.3,
    total_kwh=0.6,
    emissions_kg=0.25,
    sources={"cpu_kwh": "measured: RAPL"},
    cpu_model="A",
    country="IRL",
    measured=Measured(seconds=11.0, gpu_kwh=0.19),
    notes=("one",),
)
SECOND = Energy(
    scope="local",
    seconds=5.0,
    cpu_kwh=1.0,
    gpu_kwh=2.0,
    ram_kwh=3.0,
    total_kwh=6.0,
    emissions_kg=0.5,
    sources={"cpu_kwh": "estimated", "ram_kwh": "estimated"},
    cpu_model="B",
    country="IRL",
    measured=Measured(seconds=6.0, gpu_kwh=2.5, package_kwh=1.0),
    notes=("two", "one"),
)


def test_sessions_are_summed_and_what_differs_is_listed() -> None:
    both = sum_of_sessions([FIRST, SECOND])
    assert both == Energy(
        scope="local",
        seconds=15.0,
        cpu_kwh=1.1,
        gpu_kwh=2.2,
        ram_kwh=3.3,
        total_kwh=6.6,
        emissions_kg=0.75,
        sources={"cpu_kwh": "measured: RAPL; estimated", "ram_kwh": "estimated"},
        cpu_model="A; B",
        country="IRL",
        sessions=2,
        measured=Measured(seconds=17.0, gpu_kwh=2.69),
        notes=("one", "two"),
    )


def test_a_session_that_nobody_metered_leaves_the_sum_open() -> None:
    both = sum_of_sessions([FIRST, Energy(scope="local", cpu_kwh=1.0)])
    assert (both.cpu_kwh, both.total_kwh, both.emissions_kg) == (1.1, None, None)
    assert both.measured == Measured()


def test_one_session_with_the_model_elsewhere_makes_all_figures_the_clients() -> None:
    away = msgspec.structs.replace(SECOND, scope="client_only")
    assert sum_of_sessions([FIRST, away]).scope == "client_only"


def test_energy_survives_being_written_down() -> None:
    assert msgspec.json.decode(msgspec.json.encode(FIRST), type=Energy) == FIRST


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_totals_are_exact_sums_in_any_order(values: list[float]) -> None:
    assert total(values) == math.fsum(reversed(values))


@pytest.mark.parametrize("values", [[], [None], [1.0, None]])
def test_nothing_has_no_total(values: list[float | None]) -> None:
    assert total(values) is None


def test_an_answer_has_its_share() -> None:
    share = energy_per(FIRST, 3)
    assert share.kwh == pytest.approx(0.2)
    assert share.emissions_kg == pytest.approx(0.25 / 3)


@pytest.mark.parametrize("answers", [0, -1])
def test_no_answers_have_no_share(answers: int) -> None:
    assert energy_per(FIRST, answers).kwh is None


def test_unknown_energy_has_no_share() -> None:
    share = energy_per(Energy(scope="local", emissions_kg=1.0), 4)
    assert (share.kwh, share.emissions_kg) == (None, 0.25)
