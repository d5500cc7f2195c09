from __future__ import annotations

import json
import struct
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import evalhouse
from evalhouse import ids
from evalhouse.errors import EvalhouseError, UnknownNameError, UsageError
from evalhouse.house import House
from evalhouse.records import Model
from evalhouse.workflows.models import Place, Said
from evalhouse.workflows.models.figures import parameters, tokens

HASH = "c0ffee" + "0" * 58
SOURCE = {
    "source_type": "huggingface",
    "url": "https://huggingface.co/org/repo",
    "source_metadata": {"hf_commit": "abc", "downloads": 7, "hf_token": "hf_" + "a" * 34},
    "updated": "2026-01-01T00:00:00Z",
}
DESCRIPTOR: dict[str, Any] = {
    "schema_version": 1,
    "name": "Tiny Q8",
    "creator": {
        "name": "org",
        "display_name": "The Org",
        "homepage": "https://org.example",
        "service_identifiers": {"huggingface": "org"},
        "provisional": False,
    },
    "model_hash": f"sha256:{HASH}",
    "parameter_count_b": 8.03,
    "active_parameter_count_b": 8.03,
    "architecture": "Dense",
    "file_format": "GGUF",
    "quantization": "gguf-q8_0",
    "context_length_default": 8192,
    "context_length_min": 4096,
    "context_length_max": 131072,
    "model_source_size": 8_540_000_000,
    "release_date": "2025-11-03",
    "version": "1.0",
    "description": "a tiny one",
    "sources": [SOURCE],
}


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with evalhouse.open(tmp_path / "house") as opened:
        yield opened


def rows(house: House, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = house.sql(query).to_pylist()
    return found


def descriptor(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / f"model-{len(list(tmp_path.iterdir()))}.json"
    values = {k: v for k, v in {**DESCRIPTOR, **changes}.items() if v is not ...}
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


def weights(path: Path, fill: bytes = b"\0") -> Path:
    """Write four numbers of 16 bits as a file of safetensors."""
    tensors = {"a.weight": {"dtype": "F16", "shape": [2, 2], "data_offsets": [0, 8]}}
    header = json.dumps(tensors).encode()
    path.write_bytes(struct.pack("<Q", len(header)) + header + fill * 8)
    return path


def test_every_field_of_a_descriptor_has_its_place(house: House, tmp_path: Path) -> None:
    done = house.models.register(descriptor(tmp_path))
    assert (done.outcome, done.conflicts) == ("new", ())
    [row] = rows(house, "SELECT * FROM models")
    expected = {
        "provider": "huggingface", "model_name": "Tiny Q8", "model_version": "1.0",
        "creator": "org", "model_hash": HASH, "parameter_count": 8_030_000_000,
        "active_parameter_count": 8_030_000_000, "architecture": "Dense", "file_format": "GGUF",
        "quantization": "q8_0", "context_length": 8192, "context_length_min": 4096,
        "context_length_max": 131072, "weights_bytes": 8_540_000_000,
        "release_date": "2025-11-03", "description": "a tiny one", "provisional": False,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == expected
    stated = json.loads(row["stated"])
    assert (stated["quantization"], stated["parameter_count_b"]) == ("gguf-q8_0", 8.03)
    [creator] = rows(house, "SELECT * FROM creators")
    assert (creator["display_name"], creator["homepage"], creator["provisional"]) == (
        "The Org",
        "https://org.example",
        False,
    )
    assert json.loads(creator["service_identifiers"]) == {"huggingface": "org"}
    [source] = rows(house, "SELECT * FROM model_sources JOIN source_types USING (source_type_id)")
    assert (source["url"], source["name"]) == (SOURCE["url"], "huggingface")
    assert source["updated"] == datetime(2026, 1, 1, tzinfo=UTC)
    told = json.loads(source["source_metadata"])
    assert (told["hf_commit"], told["downloads"]) == ("abc", 7)
    assert told["hf_token"].startswith("⟦redacted:")


def test_a_descriptor_twice_changes_nothing(house: House, tmp_path: Path) -> None:
    path = descriptor(tmp_path)
    house.models.register(path)
    before = house.store.catalog.version()
    assert house.models.register(path).outcome == "known"
    assert house.store.catalog.version() == before


def test_a_nested_context_is_the_flat_one(house: House, tmp_path: Path) -> None:
    flat = dict.fromkeys(
        ("context_length_default", "context_length_min", "context_length_max"), ...
    )
    nested = {"default": 8192, "min": 4096, "max": 131072}
    house.models.register(descriptor(tmp_path))
    done = house.models.register(descriptor(tmp_path, **flat, context_length=nested))
    assert (done.outcome, done.conflicts) == ("changed", ())  # `stated` has the new word
    [row] = rows(house, "SELECT context_length, context_length_min, context_length_max FROM models")
    assert list(row.values()) == [8192, 4096, 131072]


def test_ids_of_bakeoff_lead_to_the_model_and_its_creator(house: House, tmp_path: Path) -> None:
    mine = "8a94c47d-19ca-5b94-9ec2-907a6bc95eff"
    done = house.models.register(descriptor(tmp_path, uuid=mine))
    foreign = [str(uuid.uuid5(ids.BAKEOFF_MODELS, text)) for text in (HASH, f"sha256:{HASH}")]
    url = SOURCE["url"]
    foreign += [str(uuid.uuid5(ids.BAKEOFF_MODELS, f"{url}|8.03|8540000000")), mine]
    for identity in foreign:
        assert house.models.show(identity).model_id == done.model_id
    [alias] = house.models.aliases("creator")
    assert alias.alias_id == str(uuid.uuid5(ids.BAKEOFF_CREATORS, "https://org.example"))
    assert alias.stands_for == ids.creator_id("org")


def test_a_descriptor_of_our_own_words(house: House, tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(
        json.dumps(
            {
                "schema_version": 1,
                "model_name": "openai/gpt-4o",
                "model_version": "2024-11-20",
                "creator": "openai",
                "context_length": 128_000,
                "parameter_count": None,
            }
        )
    )
    house.models.register(path)
    [row] = rows(house, "SELECT * FROM models")
    assert row["model_id"] == ids.model_id("openai", "gpt-4o", "2024-11-20")
    assert (row["context_length"], row["provisional"]) == (128_000, False)


def test_a_stub_has_its_name_from_its_source(house: House, tmp_path: Path) -> None:
    path = tmp_path / "stub.json"
    stub = {"schema_version": 1, "stub": True, "source_url": "https://huggingface.co/org/repo"}
    path.write_text(json.dumps(stub))
    house.models.register(path)
    [row] = rows(house, "SELECT * FROM models")
    assert (row["provider"], row["model_name"], row["provisional"]) == (
        "huggingface",
        "org/repo",
        True,
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"schema_version": 2}, "`schema_version` is `2`, expected 1"),
        ({"schema_version": ...}, "`schema_version` is missing, expected 1"),
        ({"name": ...}, "`name` is missing"),
        ({"name": 3, "sources": 4}, "`name` is `3`, expected text; `sources` is no list"),
        ({"parameter_count_b": "8B"}, "expected a number of billions from 0"),
        ({"context_length_max": 1.5}, "`context_length_max` is `1.5`, expected a whole number"),
        ({"sources": [{}]}, r"`sources\[0\]` has no `url`"),
        ({"sources": [{**SOURCE, "source_type": "ftp"}]}, "`ftp`, which no lookup has"),
        ({"sources": [{**SOURCE, "updated": "today"}]}, "expected a time"),
        ({"creator": {"homepage": "x"}}, "`creator` has no `name`"),
        ({"model_hash": "abc"}, "expected a SHA-256 of 64 hexadecimal digits"),
        ({"release_date": "soon"}, "expected a day as 2025-11-03"),
    ],
)
def test_what_is_wrong_with_a_descriptor_is_told_in_a_sentence(
    house: House, tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        house.models.register(descriptor(tmp_path, **changes))
    assert not rows(house, "SELECT * FROM models")


@pytest.mark.parametrize("text", ["[]", "{", ""])
def test_what_is_no_descriptor_is_told(house: House, tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(UsageError, match="the descriptor"):
        house.models.register(path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("openai/gpt-4o-2024-11-20", ("openai", "gpt-4o", "2024-11-20", False)),
        ("meta-llama/Llama-3.1-8B", ("huggingface", "meta-llama/Llama-3.1-8B", None, True)),
        ("ollama/llama3.1:8b", ("ollama", "llama3.1", "8b", True)),
    ],
)
def test_a_name_is_taken_apart(house: House, name: str, expected: tuple[Any, ...]) -> None:
    house.models.register(name)
    [row] = rows(house, "SELECT provider, model_name, model_version, provisional FROM models")
    assert tuple(row.values()) == expected
    assert house.models.show(name).facts["model_name"] == expected[1]


def test_results_that_spell_a_name_whole_are_of_the_registered_model(house: House) -> None:
    whole = Model(
        model_id=ids.model_id("ollama", "llama3.1:8b"),
        provider="ollama",
        model_name="llama3.1:8b",
    )
    done = house.models.register("ollama/llama3.1:8b")
    with house.store.begin() as batch:
        batch.commit(entities=[whole])
    assert house.store.catalog.snapshot().folds == {"models": {whole.model_id: done.model_id}}
    assert [row["model_id"] for row in rows(house, "SELECT model_id FROM models")] == [
        done.model_id
    ]


@pytest.mark.parametrize(
    ("what", "person", "sentence"),
    [
        ("gpt-9", Said(), "does not say where the model is had"),
        ("./nothing", Said(), "there is nothing at `./nothing`"),
        ("nothing.gguf", Said(), "there is nothing at `nothing.gguf`"),
        ("openai/x", Said(model_hash="12"), "expected a SHA-256"),
        ("openai/x", Said(places=(Place("u", kind="ftp"),)), "`ftp` is no kind of source"),
        ("", Said(), "needs a name"),
    ],
)
def test_what_cannot_be_registered_is_told(
    house: House, what: str, person: Said, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        house.models.register(what, person)


def test_a_person_adds_what_a_name_does_not_tell(house: House) -> None:
    person = Said(
        parameter_count=8_030_261_248,
        context_length=131072,
        creator="Meta",
        quantization="int4",
        places=(Place("https://ollama.com/library/llama3.1"), Place("https://u:p@x.example/w")),
    )
    house.models.register("ollama/llama3.1:8b", person)
    page = house.models.show("llama3.1")
    assert (page.facts["quantization"], page.facts["creator"]) == ("int4", "Meta")
    assert page.compute.flops_per_token_theoretical == 16_060_522_496
    assert [each.kind for each in page.sources] == ["ollama", "direct_url"]


def test_an_unknown_quantization_waits_for_a_person(house: House) -> None:
    done = house.models.register("ollama/m:8b", Said(quantization="zz9"))
    [line] = house.models.conflicts()
    assert (line.conflict_id, line.kind, line.fields) == (
        done.conflicts[0],
        "unknown_value",
        ("quantization",),
    )
    page = house.models.decide(line.conflict_id[:8], "merged", value="q8_0")
    assert (page.state, page.decided_by) != ("open", None)
    assert not house.models.conflicts()
    assert house.models.conflicts(decided=True)
    assert house.models.show("ollama/m:8b").facts["quantization"] == "q8_0"


# -- weights -------------------------------------------------------------------------------------


def test_weights_are_known_by_their_hash(house: House, tmp_path: Path) -> None:
    first = house.models.register(weights(tmp_path / "one.safetensors"))
    same = house.models.register(weights(tmp_path / "two.safetensors"))
    other = house.models.register(weights(tmp_path / "three.safetensors", b"\1"))
    assert first.model_id == same.model_id != other.model_id
    page = house.models.show(first.model_id)
    assert len(page.sources) == 2
    assert (page.facts["file_format"], page.facts["parameter_count"]) == ("SafeTensors", 4)
    assert page.facts["provisional"] is False
    again = house.models.register(tmp_path / "one.safetensors")
    assert again.outcome == "known"


def test_weights_that_are_not_hashed_are_provisional_until_they_are(
    house: House, tmp_path: Path
) -> None:
    path = weights(tmp_path / "one.safetensors")
    first = house.models.register(path, hashed=False)
    assert house.models.show(first.model_id).facts["provisional"] is True
    assert house.models.register(path, hashed=False).outcome == "known"
    second = house.models.register(path)
    assert (second.model_id, second.outcome) == (first.model_id, "changed")
    assert house.models.show(first.model_id).facts["provisional"] is False


def test_weights_take_the_name_that_a_person_gives(house: House, tmp_path: Path) -> None:
    path = weights(tmp_path / "one.safetensors")
    done = house.models.register(path, Said(name="org/tiny"))
    assert done.model_id == ids.model_id("huggingface", "org/tiny")
    bare = weights(tmp_path / "two.safetensors", b"\2")
    assert house.models.register(bare, Said(name="tiny2")).model_id == ids.model_id(
        "local", "tiny2"
    )


def test_a_person_cannot_say_otherwise_than_the_weights(house: House, tmp_path: Path) -> None:
    path = weights(tmp_path / "one.safetensors")
    with pytest.raises(UsageError, match="the source says `4` and --parameters says `5`"):
        house.models.register(path, Said(parameter_count=5))


def test_a_folder_without_weights_is_told(house: House, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(EvalhouseError, match="empty"):
        house.models.register(tmp_path / "empty")


# -- finding, deciding, aliases ------------------------------------------------------------------


def test_decisions_need_a_note_and_an_open_conflict(house: House, tmp_path: Path) -> None:
    house.models.register(descriptor(tmp_path))
    house.models.register(descriptor(tmp_path, name="Twin"))
    [line] = house.models.conflicts()
    shelf = house.models.as_person("anna")
    for state in ("kept", "rejected"):
        with pytest.raises(UsageError, match="give a `--note`"):
            shelf.decide(line.conflict_id, state)
    with pytest.raises(UsageError, match="where an unknown value is merged"):
        shelf.decide(line.conflict_id, "merged", value="x")
    with pytest.raises(UnknownNameError, match="no conflict is called `ffffffff`"):
        shelf.decide("ffffffff", "merged")
    assert shelf.decide(line.conflict_id, "merged").decided_by == "anna"
    assert house.models.show("Twin").name == "Tiny Q8"
    assert [row["model"] for row in house.models.list().to_arrow().to_pylist()] == ["Tiny Q8"]
    assert shelf.separate("Twin").alias_name == "Twin"
    with pytest.raises(UsageError, match="no model is merged under `Twin`"):
        shelf.separate("Twin")
    assert len(house.models.conflicts()) == 1


def test_a_model_is_found_by_every_name_of_it(house: House, tmp_path: Path) -> None:
    done = house.models.register(descriptor(tmp_path))
    for name in (
        done.model_id,
        done.model_id[:6],
        HASH,
        f"sha256:{HASH[:12]}",
        "Tiny Q8",
        "Tiny Q8@1.0",
        "huggingface/Tiny Q8",
    ):
        assert house.models.show(name).model_id == done.model_id
    house.models.register(descriptor(tmp_path, version="2.0", model_hash=HASH[::-1]))
    with pytest.raises(UsageError, match="`Tiny Q8` means 2 models"):
        house.models.show("Tiny Q8")
    with pytest.raises(UnknownNameError, match="did you mean `Tiny Q8`"):
        house.models.show("Tiny Q9")


def test_aliases_of_each_kind_are_added_listed_and_removed(house: House) -> None:
    house.models.register("openai/gpt-4o")
    shelf = house.models.as_person("anna")
    alias = shelf.add_alias("model", "openai/gpt-4-omni", "openai/gpt-4o", "its older name")
    assert alias.alias_id == ids.model_id("openai", "gpt-4-omni")
    assert house.models.show("openai/gpt-4-omni").name == "gpt-4o"
    creator = shelf.add_alias("creator", "Open AI", "openai", "spelling")
    assert (creator.alias_id, creator.decided_by) == (ids.creator_id("Open AI"), "anna")
    assert "Open AI" in {each.alias_name for each in shelf.aliases("creator")}
    assert shelf.remove_alias("creator", "Open AI").alias_id == creator.alias_id
    with pytest.raises(UnknownNameError, match="no task is called `t`"):
        shelf.add_alias("task", "s", "t", "why")
    with pytest.raises(UnknownNameError, match="no kind of alias is called `run`"):
        shelf.aliases("run")
    with pytest.raises(UsageError, match="are the same model already"):
        shelf.add_alias("model", "openai/gpt-4o", "gpt-4o", "no")


def test_figures_are_read_as_people_write_them() -> None:
    assert parameters("8_030_261_248") == parameters("8,030,261,248") == 8_030_261_248
    assert (parameters("0.5b"), tokens("128k"), tokens("1M")) == (500_000_000, 131_072, 1_048_576)
    for text in ("", "many", "-1", "0", "1e99", "8X"):
        with pytest.raises(UsageError, match="expected a number of parameters"):
            parameters(text)


SECRET = "sk-proj-" + "aB3x" * 10
ADDRESS = "https://user:pw1234567@h.example/x?token=9f8a7b6c5d&sig=4e3f2a1b&rev=2"
HIDDEN = (SECRET, "pw1234567", "9f8a7b6c5d", "4e3f2a1b")


def stored(house: House) -> str:
    """Return every row that models, what belongs to them, and decisions leave."""
    tables = ("models", "creators", "model_sources", "model_conflicts", "model_aliases")
    return json.dumps([rows(house, f"SELECT * FROM {each}") for each in tables], default=str)


@pytest.mark.parametrize("before", ["openai/gpt-", "org/m-", "ollama/m-"])
def test_no_secret_that_a_person_types_is_stored(house: House, before: str) -> None:
    told = f"key {SECRET} at {ADDRESS}"
    person = Said(
        name=before + SECRET,
        version=told,
        revision=told,
        creator=told,
        description=told,
        quantization=told,
        architecture=told,
        base_model="org/base-" + SECRET,
        places=(Place(ADDRESS),),
    )
    shelf = house.models.as_person(f"anna {SECRET}")
    done = shelf.register("openai/m", person)
    assert shelf.register("openai/m", person).outcome == "known"
    assert "-⟦redacted:openai:" in done.model_name
    assert done.model_name.endswith("⟧")
    assert house.models.show(done.model_name).model_id == done.model_id
    first, second = house.models.conflicts()
    shelf.decide(first.conflict_id, "kept", note=told)
    shelf.decide(second.conflict_id, "rejected", note=told)
    alias = shelf.add_alias("model", f"openai/gpt-4-{SECRET}", done.model_name, told)
    assert alias in shelf.aliases("model")
    assert not [hidden for hidden in HIDDEN if hidden in stored(house)]
    assert shelf.remove_alias("model", f"openai/gpt-4-{SECRET}").alias_id == alias.alias_id


def test_an_address_is_stored_and_known_again_without_its_secrets(house: House) -> None:
    done = house.models.register("openai/m", Said(places=(Place(ADDRESS),)))
    assert house.models.register("openai/m", Said(places=(Place(ADDRESS),))).outcome == "known"
    [source] = rows(house, "SELECT model_source_id, url FROM model_sources")
    assert source["url"].endswith("⟧&rev=2")
    assert source["model_source_id"] == ids.derive("model_sources", done.model_id, source["url"])
    again = house.models.register("openai/m", Said(places=(Place(source["url"]),)))
    assert again.outcome == "known"


def test_no_secret_of_a_descriptor_is_stored(house: House, tmp_path: Path) -> None:
    source = {**SOURCE, "url": ADDRESS, "source_metadata": {"from": ADDRESS}}
    creator = {
        "name": f"org {SECRET}",
        "homepage": ADDRESS,
        "service_identifiers": {"hub": SECRET, "password": "pw1234567"},
    }
    path = descriptor(
        tmp_path, sources=[source], creator=creator, description=ADDRESS, mirror={"at": [ADDRESS]}
    )
    done = house.models.register(path)
    assert house.models.register(path).model_id == done.model_id
    assert not [hidden for hidden in HIDDEN if hidden in stored(house)]


@pytest.mark.parametrize(
    ("what", "person"),
    [
        ("https://user:pw1234567@hf.co/a/b", Said()),
        ("https://user:pw1234567@h.example/a.gguf", Said()),
        ("https://pw1234567@hf.co/a/b", Said(provider="huggingface")),
        ("openai/x", Said(name="https://user:pw1234567@hf.co/a/b")),
    ],
)
def test_a_name_that_logs_in_is_refused_and_not_shown(
    house: House, what: str, person: Said
) -> None:
    with pytest.raises(UsageError, match="holds a user or password; write it without") as refused:
        house.models.register(what, person)
    assert "pw1234567" not in str(refused.value)
    with pytest.raises(UsageError, match="holds a user or password"):
        house.models.add_alias("model", person.name or what, "openai/y", "why")
