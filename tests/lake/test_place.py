from __future__ import annotations

from pathlib import Path

import pytest

from evalhouse.errors import HouseError, UsageError
from evalhouse.lake import Place


def test_a_place_spells_paths_for_pyarrow_and_addresses_for_others() -> None:
    bucket = Place("s3://house/lake/", {"AWS_REGION": "us-east-1"})
    assert bucket.path("metrics", "a.parquet") == "house/lake/metrics/a.parquet"
    assert bucket.address("metrics") == "s3://house/lake/metrics"


def test_the_settings_of_a_bucket_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert Place("s3://house").options["AWS_ENDPOINT_URL"] == "http://127.0.0.1:9"
    assert Place(str(tmp_path)).options == {}


def test_another_kind_of_address_is_refused() -> None:
    with pytest.raises(UsageError, match="`ftp://host/lake` is no address of a lake"):
        Place("ftp://host/lake")


def test_a_folder_that_cannot_be_made_is_a_house_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HouseError):
        Place(str(tmp_path / "file" / "lake")).check()
