from __future__ import annotations

import re
import time
from typing import Any

import pytest

from evalhouse.reports.html import html
from evalhouse.reports.run_page import run_document
from evalhouse.reports.sweep_page import sweep_document
from evalhouse.views.annotation.examples import Example
from evalhouse.views.annotation.record import RunRecord
from evalhouse.views.annotation.run import run_report
from evalhouse.views.annotation.sweep import sweep_report
from tests.reports.pages import Page
from tests.views.annotation.runs import (
    EMOJI,
    HOSTILE,
    RIGHT_TO_LEFT,
    all_kinds,
    better,
    dropdown,
    humans,
    record,
)

LONG = "no-space" * 60


def hostile() -> RunRecord:
    """Return a run in which every text is an attack."""
    labels = (HOSTILE, RIGHT_TO_LEFT, EMOJI, LONG, "\x00\x1b[2J\u202e\ud800")
    field = dropdown(HOSTILE, labels, humans=humans(), warnings=(HOSTILE,))
    config: dict[str, Any] = dict.fromkeys(
        ("run_id", "label", "seed", "template", "task_path"), HOSTILE
    )
    return record(HOSTILE, (field, dropdown(LONG)), **config, prompt_hashes={HOSTILE: HOSTILE})


@pytest.fixture(scope="module")
def attacked() -> tuple[str, Page]:
    """Return the page of that run."""
    return page_of(hostile())


def page_of(run: RunRecord) -> tuple[str, Page]:
    """Return the page of a run."""
    example = Example("Tone", HOSTILE, HOSTILE, HOSTILE, RIGHT_TO_LEFT, "ok")
    text = html(run_document(run_report(run, [example])))
    return text, Page(text)


@pytest.fixture(scope="module")
def whole() -> tuple[str, Page]:
    """Return the page of a run with every type of field."""
    return page_of(record(fields=all_kinds()))


@pytest.fixture(scope="module")
def sweep() -> tuple[str, Page]:
    """Return the page of some runs, two of which answer to other gold."""
    runs = [record(HOSTILE, better(0.5)), record("b", better(0.6), kwh=0.9, run_id="b")]
    runs.append(record("majority", better(0.3), provider="baseline", run_id="c"))
    runs += [
        record(f"other {each}", better(0.7), scored={"codebook_hash": "99"}) for each in range(2)
    ]
    text = html(sweep_document(sweep_report(runs)))
    return text, Page(text)


def test_every_tag_is_closed_where_it_should_be(
    whole: tuple[str, Page], sweep: tuple[str, Page]
) -> None:
    for _, page in (whole, sweep):
        assert (page.open, page.crossed) == ([], [])


def test_every_id_is_there_once_and_every_link_leads_somewhere(
    whole: tuple[str, Page], sweep: tuple[str, Page]
) -> None:
    for _, page in (whole, sweep):
        assert len(page.ids) == len(set(page.ids))
        links = [each[1:] for each in page.loads if each.startswith("#")]
        assert links
        assert set(links) <= set(page.ids)


def test_nothing_is_loaded_from_anywhere(whole: tuple[str, Page], sweep: tuple[str, Page]) -> None:
    for text, page in (whole, sweep):
        assert not [each for each in page.loads if not each.startswith(("#", "url(#"))]
        assert not {"script", "link", "img", "iframe", "object", "image", "use"} & set(page.tags)
        assert "@import" not in text
        assert "default-src 'none'" in text


def test_what_comes_from_data_is_text_and_nothing_else(attacked: tuple[str, Page]) -> None:
    text, page = attacked
    assert "<script" not in text
    assert (page.open, page.crossed, page.handlers) == ([], [], [])
    assert HOSTILE in page.text
    assert RIGHT_TO_LEFT in page.text
    assert f"<bdi>{RIGHT_TO_LEFT}</bdi>" in text
    assert EMOJI in page.text
    assert "\\x00\\x1b[2J\\u202e\\ud800" in page.text
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", text)
    text.encode()


def test_long_names_are_cut_and_what_is_missing_is_counted(attacked: tuple[str, Page]) -> None:
    text, _ = attacked
    assert LONG not in text
    assert "more characters)" in text


def test_pictures_are_told_to_those_who_cannot_see_them(whole: tuple[str, Page]) -> None:
    text, page = whole
    count = page.tags.count("svg")
    assert count > 5
    assert text.count('role="img"') == page.tags.count("desc") == count
    assert "Scores with their intervals" in page.text
    assert "Policy Sentiment_Direction, macro F1 0.813" in page.text


def test_colours_of_pictures_change_on_dark_screens(whole: tuple[str, Page]) -> None:
    text, _ = whole
    style, _, body = text.partition("</style>")
    assert "prefers-color-scheme: dark" in style
    for colour in set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', body)):
        if colour not in ("#fdfdfd", "#111418"):  # on bars that stay as they are
            assert f'"{colour}"]' in style


def test_a_page_is_small(whole: tuple[str, Page]) -> None:
    assert len(whole[0].encode()) < 500_000


def test_a_page_is_made_in_seconds() -> None:
    fields = (dropdown("One"), dropdown("Two"))
    started = time.process_time()
    html(run_document(run_report(record(fields=fields))))
    assert time.process_time() - started < 4  # 0.5 s on a quiet machine, once all is loaded


def test_sixty_labels_fit() -> None:
    labels = tuple(f"label {place}" for place in range(60))
    text, page = page_of(record(fields=(dropdown("Many", labels),)))
    assert len(text.encode()) < 1_000_000
    assert (page.open, page.crossed) == ([], [])
    assert "2,700 rarer ones are not shown" in page.text


def test_groups_of_runs_are_shown_apart(sweep: tuple[str, Page]) -> None:
    _, page = sweep
    assert "do not share one codebook" in page.text
    assert "runs 1, 2, 3" in page.text
    assert "runs 4, 5" in page.text
