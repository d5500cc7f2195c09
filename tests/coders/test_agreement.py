from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import krippendorff
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from evalhouse.coders.agreement import MOST_LABELS, FieldAgreement, field_agreement
from evalhouse.coders.panel import assemble
from evalhouse.coders.sheet import opened, read_sheet
from evalhouse.coders.span_agreement import span_agreement
from evalhouse.metrics.codebook_lab import coder_reliability
from evalhouse.tasks.faults import Faults
from evalhouse.tasks.reading import read_codebook
from tests.coders.made import panel
from tests.metrics.codebook_lab.tasks import fields_of, read_cells

SAMPLES = Path(__file__).parents[3] / "shared" / "samples" / "codebook_lab"
FILES = sorted((SAMPLES / "human_coders").glob("*.csv"))
CODEBOOK = SAMPLES / "tasks" / "transit-hearing" / "codebook.json"
# Four observers of twelve units in Krippendorff (2011), part C; a dot is no label.
OBSERVERS = ("123321412...", "1233224125..", ".33323422513", "12332441251.")


def matrix(rows: Sequence[Sequence[str]], column: str, folder: Path) -> FieldAgreement:
    """Compare coders (rows) of units; a dot is no label."""
    coders = [
        {str(unit): {column: "" if label == "." else label} for unit, label in enumerate(row)}
        for row in rows
    ]
    return field_agreement(panel(folder, *coders), column, 0.95)


def spans(folder: Path, *coders: Sequence[tuple[int, int, str]]) -> FieldAgreement:
    cells = [
        json.dumps([{"start": start, "end": end, "label": label} for start, end, label in one])
        for one in coders
    ]
    made = panel(folder, *({"1": {"S_Parts": cell}, "2": {"S_Parts": ""}} for cell in cells))
    return span_agreement(made, "S_Parts", 0.95)


@pytest.mark.skipif(not FILES, reason="the samples are not beside the repository")
@pytest.mark.parametrize("kind", ["checkbox", "dropdown", "likert", "textbox"])
def test_where_definitions_are_the_same_numbers_are_those_of_codebook_lab(kind: str) -> None:
    faults = Faults()
    read = read_codebook(CODEBOOK, "codebook.json", faults)
    assert read
    codebook = replace(read[0], settings=replace(read[0].settings, id_column="comment_id"))
    sheets = [read_sheet(codebook, opened(file, "comment_id"), file.stem, []) for file in FILES]
    made = assemble(codebook, [sheet for sheet in sheets if sheet])
    raw = json.loads(CODEBOOK.read_text(encoding="utf-8"))
    cells = {file.stem: read_cells(file, raw["text_column"]) for file in FILES}
    theirs = coder_reliability(fields_of(raw), cells, item_column="comment_id")
    columns = [each.column for each in codebook.annotations if each.field.kind == kind]
    assert columns
    for column in columns:
        ours, other = field_agreement(made, column, 0.95), theirs[column]
        assert ours.n_applicable == other.n_applicable
        values = {
            "krippendorff_alpha": ours.alpha_nominal,
            "fleiss_kappa": ours.fleiss,
            "unanimity_rate": ours.unanimity,
            "majority_agreement_rate": ours.majority,
        }
        for name, value in values.items():
            assert value.estimate == pytest.approx(other.together[name].value, nan_ok=True), name
        for pair, known in zip(ours.pairs, other.pairs.pairs(), strict=True):
            assert (pair.first, pair.second, pair.n) == (known.first, known.second, known.kappa.n)
            assert pair.agreement.estimate == pytest.approx(known.agreement.value)
            assert pair.kappa.estimate == pytest.approx(known.kappa.value, nan_ok=True)


def test_scales_have_ordinal_alpha_beside_the_nominal_one(tmp_path: Path) -> None:
    found = matrix(OBSERVERS, "S_Force", tmp_path)
    assert (found.alpha_level, found.n_items) == ("ordinal", 11)
    assert round(found.alpha.estimate, 3) == 0.815
    assert round(found.alpha_nominal.estimate, 3) == 0.743
    assert found.alpha.low < found.alpha.estimate < found.alpha.high <= 1


def test_two_coders_on_a_scale_have_both_kappas(tmp_path: Path) -> None:
    chance = random.Random(1)
    first = [chance.randint(1, 5) for _ in range(80)]
    second = [min(5, max(1, point + chance.choice([-1, 0, 0, 1]))) for point in first]
    found = matrix(["".join(map(str, side)) for side in (first, second)], "S_Force", tmp_path)
    (pair,) = found.pairs
    weighted = cohen_kappa_score(first, second, weights="quadratic")
    assert pair.kappa.estimate == pytest.approx(cohen_kappa_score(first, second))
    assert pair.more["weighted_kappa"].estimate == pytest.approx(weighted)
    assert pair.kappa.low < pair.kappa.estimate < pair.kappa.high
    assert found.assigned == (2,)


def test_full_agreement_has_bounds_where_there_are_two_coders(tmp_path: Path) -> None:
    found = matrix(["10" * 20, "10" * 20], "S_About", tmp_path)
    assert found.agreement.estimate == found.alpha.estimate == 1
    assert 0.85 < found.agreement.low < 1


def test_one_label_alone_leaves_nothing_to_chance(tmp_path: Path) -> None:
    found = matrix(["1111", "1111", "1111"], "S_About", tmp_path)
    assert found.unanimity.estimate == 1
    assert math.isnan(found.alpha.estimate)
    assert math.isnan(found.pairs[0].kappa.estimate)
    assert found.pairs[0].kappa.note == "both gave one and the same label"


def test_coders_without_a_common_item_cannot_be_compared(tmp_path: Path) -> None:
    found = matrix(["1.", ".1"], "S_About", tmp_path)
    assert (found.n_items, found.pairs[0].n) == (0, 0)
    assert math.isnan(found.agreement.estimate)
    assert found.fleiss.note == "no item has labels of two coders"


def test_free_text_is_compared_word_for_word_however_many_there_are(tmp_path: Path) -> None:
    many = {str(unit): {"S_Why": f"text {unit}"} for unit in range(MOST_LABELS + 50)}
    other = {
        item: {"S_Why": "x" if item == "0" else cells["S_Why"]} for item, cells in many.items()
    }
    found = field_agreement(panel(tmp_path, many, other), "S_Why", 0.95)
    assert found.agreement.estimate == found.unanimity.estimate == 1 - 1 / len(many)
    assert found.majority.estimate == found.unanimity.estimate
    assert math.isnan(found.fleiss.estimate)
    assert "more than 256 different answers" in found.pairs[0].kappa.note
    assert found.alpha.estimate > 0.99


def test_sets_are_compared_whole_and_option_by_option(tmp_path: Path) -> None:
    first = {"1": {"S_Topics": "fares"}, "2": {"S_Topics": "fares|noise"}, "3": {"S_Topics": "[]"}}
    second = {"1": {"S_Topics": "fares"}, "2": {"S_Topics": "noise"}, "3": {"S_Topics": "[]"}}
    found = field_agreement(panel(tmp_path, first, second), "S_Topics", 0.95)
    assert found.agreement.estimate == pytest.approx(2 / 3)
    rates = {each.option: each.agreement.estimate for each in found.options}
    assert rates == pytest.approx({"fares": 2 / 3, "safety": 1, "noise": 1})
    fares = krippendorff.alpha(
        reliability_data=[[1, 1, 0], [1, 0, 0]], level_of_measurement="nominal"
    )
    assert found.options[0].alpha.estimate == pytest.approx(fares)


# "Ines Vogel wants more night buses." has seven tokens, the last one a full stop.
@pytest.mark.parametrize(
    ("first", "second", "tokens"),
    [
        ([(0, 10, "who")], [(0, 10, "who")], ["aa-----", "aa-----"]),
        ([(0, 10, "who")], [(0, 4, "who")], ["aa-----", "a------"]),
        ([(0, 10, "who")], [(0, 10, "what")], ["aa-----", "bb-----"]),
        ([(0, 10, "who"), (17, 33, "what")], [(22, 33, "what")], ["aa-bbb-", "----bb-"]),
        ([(0, 10, "who"), (5, 10, "what")], [(5, 10, "what")], ["ac-----", "-b-----"]),
    ],
)
def test_alpha_of_spans_is_that_of_their_tokens(
    tmp_path: Path, first: Any, second: Any, tokens: list[str]
) -> None:
    found = spans(tmp_path, first, second)
    rows = [["-abc".index(sign) for sign in row + "-" * 7] for row in tokens]  # two texts
    theirs = krippendorff.alpha(reliability_data=rows, level_of_measurement="nominal")
    assert found.alpha.estimate == pytest.approx(theirs)
    assert found.alpha_unit == "token"
    assert found.pairs[0].alpha.estimate == pytest.approx(theirs)


def test_alpha_of_characters_counts_each_of_them(tmp_path: Path) -> None:
    found = spans(tmp_path, [(0, 10, "who")], [(0, 4, "who")], [(2, 4, "what")])
    text, rows = 34, []
    for start, end, label in ((0, 10, 1), (0, 4, 1), (2, 4, 2)):
        rows.append([label if start <= at < end else 0 for at in range(text)] + [0] * text)
    theirs = krippendorff.alpha(reliability_data=rows, level_of_measurement="nominal")
    assert found.more["character_alpha"].estimate == pytest.approx(theirs)


def test_lists_of_spans_are_also_compared_whole(tmp_path: Path) -> None:
    found = spans(tmp_path, [(0, 10, "who")], [(0, 4, "who")])
    assert found.agreement.estimate == 0.5
    assert found.pairs[0].more["exact_f1"].estimate == 0
    assert found.pairs[0].more["token_f1"].estimate == pytest.approx(2 / 3)
    assert found.pairs[0].more["char_iou"].estimate == pytest.approx(0.4)
    assert math.isnan(found.pairs[0].kappa.estimate)


def test_spans_that_nobody_marks_agree_and_have_no_alpha(tmp_path: Path) -> None:
    found = spans(tmp_path, [], [])
    assert found.agreement.estimate == 1
    assert math.isnan(found.alpha.estimate)
    assert found.alpha.note == "nobody marks anything, or all mark the same"


@settings(max_examples=15)
@given(st.lists(st.lists(st.sampled_from("12345."), min_size=3, max_size=3), max_size=8))
def test_the_order_of_coders_changes_no_number_of_all(
    tmp_path_factory: pytest.TempPathFactory, units: list[list[str]]
) -> None:
    folder = tmp_path_factory.mktemp("order")
    rows = [[unit[coder] for unit in [*units, ["1", "2", "1"]]] for coder in range(3)]
    one, other = (matrix(each, "S_Force", folder) for each in (rows, rows[::-1]))
    for name in ("alpha", "alpha_nominal", "fleiss", "gwet", "agreement", "unanimity", "majority"):
        first, second = getattr(one, name).estimate, getattr(other, name).estimate
        assert first == pytest.approx(second, nan_ok=True)
