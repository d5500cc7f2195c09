from __future__ import annotations

import inspect
import re
from dataclasses import fields
from importlib import import_module

from evalhouse.assessment.names import HEADLINES
from evalhouse.assessment.results import ScoreLine
from evalhouse.engine.asking import Asking
from evalhouse.formats.codebook_lab.layout import CONFIG_KEYS, OWN_CONFIG_KEYS
from evalhouse.views.annotation.words import identity_keys, known_settings, meaning_of, thresholds


def line(metric: str, label: str | None = None, unit: str | None = None) -> ScoreLine:
    return ScoreLine(metric=metric, value=0.5, n=4, label=label, unit=unit)


def test_every_headline_has_a_title_and_a_meaning() -> None:
    for metric in {metric for names in HEADLINES.values() for metric in names}:
        found = meaning_of(line(metric))
        assert found.title != metric
        assert found.meaning.endswith(".")


def test_a_metric_may_mean_another_thing_about_one_label() -> None:
    assert meaning_of(line("precision")).title == "macro precision"
    assert meaning_of(line("precision", label="yes")).title == "precision"


def test_both_names_of_a_metric_have_one_title() -> None:
    assert meaning_of(line("f1")).title == meaning_of(line("f1_macro")).title
    assert meaning_of(line("spearman_corr")).title == meaning_of(line("spearman")).title


def test_what_is_about_repeats_is_told_of_the_headline() -> None:
    found = meaning_of(line("f1_macro_repeat_deviation"))
    assert found.title == "macro F1 of single repeats, standard deviation"
    assert found.group == "stability"


def test_an_unknown_metric_keeps_its_name_and_its_unit() -> None:
    assert meaning_of(line("made_up", unit="coefficient")).scale == "coefficient"
    assert meaning_of(line("hamming_loss")).scale == "proportion"
    assert meaning_of(line("made_up")).scale == "any"


def test_every_key_of_a_configuration_is_a_setting_or_names_the_run() -> None:
    assert not {*CONFIG_KEYS, *OWN_CONFIG_KEYS} - {*known_settings(), *identity_keys()}


def test_defaults_are_those_of_the_engine() -> None:
    known, asking = known_settings(), Asking()
    names = {field.name for field in fields(Asking)} - {"batch_size", "template", "sampling"}
    assert len(names) > 9
    for name in names:
        assert known[name].default == getattr(asking, name), name
    assert known["temperature"].default == asking.sampling.temperature


def test_every_option_is_one_of_the_command_line() -> None:
    module = import_module("evalhouse.cli.annotate")
    written = inspect.getsource(module)
    parameters = inspect.signature(module.annotate).parameters
    for known in known_settings().values():
        for option in filter(None, known.option.split("/")):
            as_parameter = re.sub("^no_", "", option.removeprefix("--").replace("-", "_"))
            assert f'"{option}' in written or known.option in written or as_parameter in parameters


def test_thresholds_are_counts() -> None:
    assert thresholds().confusions_shown > 0
