from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evalhouse import config
from evalhouse.config import HOUSE_VARIABLE, SETTINGS_FILE, HouseSettings
from evalhouse.errors import HouseError, UsageError

PASSWORD = "made" + "-up"
ADDRESSES = {
    "user": f"postgresql://someone:{PASSWORD}@host/db",
    "no user": f"postgresql://:{PASSWORD}@host/db",
    "encoded": f"postgresql://someone:{quote('b@c#?')}{PASSWORD}@host/db",
    "slash": f"postgresql://someone:a/b#?{PASSWORD}@host/db",
    "query": f"postgresql://host/db?password={PASSWORD}",
    "query and more": f"postgresql://host/db?sslmode=require&password={PASSWORD}",
    "bucket": f"s3://key:{PASSWORD}@bucket/lake",
}


def _write(folder: Path, text: str | bytes) -> None:
    (folder / SETTINGS_FILE).write_bytes(text if isinstance(text, bytes) else text.encode())


def test_a_house_needs_no_settings(tmp_path: Path) -> None:
    settings = config.load(tmp_path)
    assert settings.folder == tmp_path
    assert settings.catalog == f"sqlite:///{tmp_path}/catalog.db"
    assert settings.lake == str(tmp_path / "lake")
    assert settings.blobs == str(tmp_path / "blobs")
    assert settings.origin == {"catalog": "default", "lake": "default"}


def test_settings_say_where_they_come_from(tmp_path: Path) -> None:
    _write(tmp_path, 'lake = "s3://bucket/lake"\n')
    settings = config.load(tmp_path, catalog="postgresql://host/db")
    assert (settings.catalog, settings.lake) == ("postgresql://host/db", "s3://bucket/lake")
    assert settings.origin == {"catalog": "argument", "lake": SETTINGS_FILE}


def test_an_argument_wins_over_the_file(tmp_path: Path) -> None:
    _write(tmp_path, 'lake = "s3://bucket/lake"\n')
    settings = config.load(tmp_path, lake="s3://other/lake")
    assert (settings.lake, settings.origin["lake"]) == ("s3://other/lake", "argument")


def test_an_empty_setting_is_none(tmp_path: Path) -> None:
    _write(tmp_path, 'lake = ""\n')
    settings = config.load(tmp_path)
    assert (settings.lake, settings.origin["lake"]) == (str(tmp_path / "lake"), "default")


def test_a_relative_lake_is_seen_from_the_house(tmp_path: Path) -> None:
    assert config.load(tmp_path / "house", lake="../lake").lake == str(tmp_path / "lake")


@pytest.mark.parametrize("lake", ["s3://bucket/lake", "s3://bucket/lake/"])
def test_blobs_lie_beside_a_lake_in_a_bucket(tmp_path: Path, lake: str) -> None:
    assert config.load(tmp_path, lake=lake).blobs == "s3://bucket/lake/_blobs"


def test_a_place_in_the_home_folder_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config.load("~/house").folder == tmp_path / "house"


def test_the_house_is_the_option_else_the_environment_else_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(HOUSE_VARIABLE, raising=False)
    assert config.house_place(None) == config.DEFAULT_HOUSE
    monkeypatch.setenv(HOUSE_VARIABLE, "")
    assert config.house_place(None) == config.DEFAULT_HOUSE
    monkeypatch.setenv(HOUSE_VARIABLE, "/elsewhere")
    assert config.house_place(None) == "/elsewhere"
    assert config.house_place("/given") == "/given"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lake = ", "is not valid TOML"),
        ("lake = 'a'\nlake = 'b'", "is not valid TOML"),
        (b"lake = '\xff'", "is not valid TOML"),
        ("lakes = 'a'", "sets `lakes`, which no house has; known: `catalog`, `lake`"),
        ("[lake]\nuri = 'a'", "sets `lake` to {'uri': 'a'}; expected text in quotes"),
        ("catalog = 5", "sets `catalog` to 5; expected text in quotes"),
    ],
)
def test_a_fault_in_the_file_is_told_in_a_sentence(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    _write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        config.load(tmp_path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / SETTINGS_FILE).mkdir()
    with pytest.raises(HouseError, match=r"house\.toml` cannot be read: Is a directory"):
        config.load(tmp_path)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    settings = config.load(tmp_path / "nowhere", lake="s3://bucket/lake")
    with pytest.raises(HouseError, match=r"house\.toml` cannot be written: No such file"):
        config.save(settings)


@pytest.mark.parametrize("kind", ADDRESSES)
def test_a_password_in_the_file_is_refused_and_not_repeated(tmp_path: Path, kind: str) -> None:
    _write(tmp_path, f"catalog = '{ADDRESSES[kind]}'")
    with pytest.raises(UsageError, match="passwords never reach disk") as caught:
        config.load(tmp_path)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("kind", ADDRESSES)
@pytest.mark.parametrize("name", ["catalog", "lake"])
def test_a_password_is_never_written(tmp_path: Path, kind: str, name: str) -> None:
    settings = config.load(tmp_path, **{name: ADDRESSES[kind]})
    with pytest.raises(UsageError, match="PGPASSWORD"):
        config.save(settings)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://someone@host/db",
        "postgresql:///db?host=/run",
        "postgresql://host:5432/db",
        "s3://bucket/a:b@c",
    ],
)
def test_an_address_without_a_password_is_kept(tmp_path: Path, address: str) -> None:
    config.save(config.load(tmp_path, catalog=address))
    assert config.load(tmp_path).catalog == address


def test_defaults_are_not_written(tmp_path: Path) -> None:
    config.save(config.load(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_what_was_written_is_written_again(tmp_path: Path) -> None:
    _write(tmp_path, 'lake = "s3://bucket/lake"\n')
    config.save(config.load(tmp_path, catalog="postgresql://host/db"))
    settings = config.load(tmp_path)
    assert (settings.catalog, settings.lake) == ("postgresql://host/db", "s3://bucket/lake")


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_comes_back_from_the_file(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    folder = tmp_path_factory.mktemp("house")
    config.save(HouseSettings(folder, value.replace("://", ""), "", {"catalog": "argument"}))
    assert config.load(folder).catalog == value.replace("://", "")
