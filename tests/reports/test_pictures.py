from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from evalhouse.assessment.results import ScoreLine
from evalhouse.reports.document import Chart, Picture, pictures_of
from evalhouse.reports.pictures.bars import Bar, bars
from evalhouse.reports.pictures.drawing import svg
from evalhouse.reports.pictures.matrix import Block, matrix
from evalhouse.reports.pictures.statuses import status_bars
from evalhouse.reports.pictures.theme import colours
from evalhouse.reports.run_page import run_document
from evalhouse.reports.sweep_page import sweep_document
from evalhouse.tasks.statuses import STATUSES
from evalhouse.views.annotation.run import run_report
from evalhouse.views.annotation.sweep import sweep_report
from tests.views.annotation.runs import HOSTILE, better, record, score


def drawn(chart: Chart) -> str:
    """Return a chart drawn."""
    return svg(Picture("A <title>", "what & why", lambda: chart), "p1")


def texts(drawing: str) -> list[str]:
    """Return what is written in a drawing."""
    return [each.text or "" for each in ET.fromstring(drawing).iter("text")]


def test_a_drawing_is_whole_and_named() -> None:
    drawing = drawn(bars([Bar("Field", "macro F1", score("f1_macro", 0.5))], axis="score"))
    root = ET.fromstring(drawing)
    assert root.tag == "svg"
    assert root.attrib["aria-labelledby"] == "p1-title p1-words"
    assert [root[0].text, root[1].text] == ["A <title>", "what & why"]
    assert "xmlns" not in drawing
    assert all(each.startswith("p1-") for each in re.findall(r'\bid="([^"]+)"', drawing))


def test_bars_tell_value_and_interval_or_why_there_is_none() -> None:
    listed = [
        Bar("F", "one", score("a", 0.5)),
        Bar("F", "two", score("a", None)),
        Bar("G", "three", ScoreLine(metric="a", value=-0.25, n=2)),
    ]
    written = texts(drawn(bars(listed, axis="score")))
    for text in ("0.500  (0.440 to 0.560)", "not defined", "−0.250", "F", "G", "three"):
        assert " ".join(text.split()) in {" ".join(each.split()) for each in written}
    assert written.count("F") == 1


def test_an_interval_beyond_what_a_metric_can_be_ends_with_the_plot() -> None:
    chart = bars([Bar("", "x", score("a", 0.98, high=1.06))], axis="score")
    assert chart["datasets"]["rows-1"][0]["high"] == 1.0


def test_a_matrix_writes_counts_and_keeps_absence_apart() -> None:
    blocks = [
        Block("answers", (HOSTILE, "b"), [[1.0, None], [0.25, 0.5]], [["7", "0"], ["1", "2"]]),
        Block("no answer", ("invalid",), [[0.0], [0.25]], [["0"], ["1"]], "absence"),
        Block("nothing", (), [[], []]),
    ]
    written = texts(drawn(matrix(["gold a", "gold b"], blocks)))
    assert {"7", "2", "gold a", "invalid", "no answer"} <= set(written)
    assert "nothing" not in written


def test_cells_that_say_nothing_are_not_drawn() -> None:
    size = 40
    shades = [[1.0 if row == column else 0.0 for column in range(size)] for row in range(size)]
    chart = matrix([f"r{place}" for place in range(size)], [Block("x", ("c",) * size, shades)])
    assert len(chart["datasets"]["rows-1"]) == size


@pytest.mark.parametrize("status", [*STATUSES, "missing"])
def test_every_status_has_a_colour_and_a_place(status: str) -> None:
    assert status in colours()
    chart = status_bars([("F", {"ok": 3, status: 1}), ("never asked", {})])
    words = status.replace("_", " ")
    assert words in {row["status"] for row in chart["datasets"]["rows-1"]}
    assert "never asked" not in str(chart)


def test_no_two_colours_are_the_same_string() -> None:
    lights = [colour.light for colour in colours().values()]
    assert len(lights) == len(set(lights))
    assert all(re.fullmatch("#[0-9a-f]{6}", each) for each in lights)


def test_every_picture_is_a_chart_by_the_schema_of_vega_lite() -> None:
    import altair as alt

    runs = [record(name, better(value), kwh=value) for name, value in (("a", 0.5), ("b", 0.7))]
    runs.append(record("majority", better(0.3), provider="baseline"))
    documents = [run_document(run_report(record())), sweep_document(sweep_report(runs))]
    charts = [picture.chart() for each in documents for picture in pictures_of(each.blocks)]
    assert len(charts) > 8
    for chart in charts:
        alt.Chart.from_dict(dict(chart), validate=True)
