from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse.journal import places as module
from evalhouse.journal.places import Places, digest_of

# Few hashes that share halves, so that all that can meet does.
DIGESTS = st.integers(0, 8).map(lambda n: bytes([n % 3]) * 8 + bytes([n // 3]) * 8)


@pytest.fixture(autouse=True)
def _few_are_recent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RECENT", 4)


@given(st.lists(DIGESTS, unique=True), st.lists(DIGESTS, unique=True))
def test_every_place_is_found_under_its_hash(first: list[bytes], later: list[bytes]) -> None:
    places = Places()
    places.extend(b"".join(first), array("q", range(len(first))))
    for place, digest in enumerate(later, 100):
        places.add(digest, place)
    assert len(places) == len(first) + len(later)
    for digest in {*first, *later}:
        wanted = [100 + later.index(digest)] if digest in later else []
        wanted += [first.index(digest)] if digest in first else []
        assert places.find(digest) == wanted
    probes = [bytes([n]) * 16 for n in range(5)] + first
    assert places.holds(probes) == [probe in {*first, *later} for probe in probes]


@given(st.lists(DIGESTS, max_size=4))
def test_a_hash_that_has_two_places_is_noticed(digests: list[bytes]) -> None:
    places = Places()
    places.extend(b"".join(digests), array("q", range(len(digests))))
    repeated = places.repeated()
    assert (repeated is None) == (len(set(digests)) == len(digests))
    if repeated:
        earlier, later = repeated
        assert earlier < later
        assert digests[earlier] == digests[later]


def test_nothing_is_held_by_none() -> None:
    assert Places().holds([]) == []
    assert Places().holds([digest_of(b"a")]) == [False]
    assert Places().find(digest_of(b"a")) == []
