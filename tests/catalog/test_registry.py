from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from evalhouse import ids
from evalhouse.catalog import Catalog
from evalhouse.catalog.aliases import Alias, kind_of
from evalhouse.catalog.conflicts import Decision
from evalhouse.catalog.meeting import Occasion
from evalhouse.catalog.registry import Claim, Registered
from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.records import Cell, Model, ModelSource
from tests.catalog.samples import commit, everything, rows, sample

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HASH, OTHER_HASH = "a" * 64, "b" * 64
WHEN = Occasion("a test", "anna", NOW)
Q4, Q8 = (ids.lookup_id("quantization_methods", name) for name in ("q4_k_m", "q8_0"))


def model(name: str, **values: Any) -> Model:
    return Model(model_id=ids.model_id("local", name), provider="local", model_name=name, **values)


def register(catalog: Catalog, made: Model, **values: Any) -> Registered:
    return catalog.registry.register(Claim(made, **values), WHEN)


def source(url: str) -> ModelSource:
    kind = ids.lookup_id("source_types", "local_file")
    return ModelSource(model_source_id="", model_id="", source_type_id=kind, url=url)


def stored(catalog: Catalog, name: str) -> dict[str, Any]:
    [row] = [row for row in rows(catalog, "models") if row["model_name"] == name]
    return row


def conflict(catalog: Catalog) -> dict[str, Any]:
    [row] = rows(catalog, "model_conflicts")
    return row


def decide(catalog: Catalog, state: Any, **values: Any) -> None:
    decision = Decision(state, "anna", NOW, **{"note": "so it is", **values})
    catalog.registry.decide(conflict(catalog)["conflict_id"], decision)


def test_the_same_registration_twice_changes_nothing(catalog: Catalog) -> None:
    claim = Claim(model("m", model_hash=HASH), sources=(source("/m"),))
    first = catalog.registry.register(
        Claim(claim.model, sources=claim.sources, other_ids={ids.random_id(): "x"}), WHEN
    )
    version, before = catalog.version(), rows(catalog, "models")
    again = register(catalog, claim.model, sources=claim.sources)
    assert (first.outcome, again.outcome) == ("new", "known")
    assert (catalog.version(), rows(catalog, "models")) == (version, before)


def test_weights_promote_a_model_and_give_it_ids_in_every_spelling(catalog: Catalog) -> None:
    register(catalog, model("m"))
    assert stored(catalog, "m")["provisional"]
    done = register(catalog, model("m", model_hash=f"SHA256:{HASH.upper()}"))
    assert done.outcome == "changed"
    assert (stored(catalog, "m")["model_hash"], stored(catalog, "m")["provisional"]) == (
        HASH,
        False,
    )
    aliases = {row["alias_id"]: row["alias_name"] for row in rows(catalog, "model_aliases")}
    assert aliases == dict(ids.weights_ids(HASH))


def test_ids_of_bakeoff_are_those_that_it_computes() -> None:
    # Run with its own code: UUIDv5 of its namespace for models, both spellings of a hash.
    assert [identity for identity, _ in ids.weights_ids("abc")[1:]] == [
        "8a94c47d-19ca-5b94-9ec2-907a6bc95eff",
        "60c51f92-6558-5fbb-89d5-6d30fdd04252",
    ]


def test_what_is_empty_is_filled_and_another_value_waits(catalog: Catalog) -> None:
    register(catalog, model("m", parameter_count=7_615_616_512, description="first"))
    done = register(
        catalog, model("m", parameter_count=14_770_033_664, context_length=4096, description="2nd")
    )
    row = stored(catalog, "m")
    assert (row["parameter_count"], row["context_length"]) == (7_615_616_512, 4096)
    assert row["description"] == "first"
    waiting = conflict(catalog)
    assert done.conflicts == (waiting["conflict_id"],)
    assert (waiting["kind"], waiting["state"], waiting["origin"]) == (
        "different_value",
        "open",
        "a test",
    )
    assert msgspec.json.decode(waiting["difference"]) == {
        "parameter_count": {"stored": 7_615_616_512, "arrived": 14_770_033_664}
    }


@pytest.mark.parametrize("order", [(8_030_261_248, 8_030_000_000), (8_000_000_000, 8_030_261_248)])
def test_a_rounded_count_gives_way_to_the_exact_one(
    catalog: Catalog, order: tuple[int, int]
) -> None:
    for count in order:
        register(catalog, model("m", parameter_count=count))
    assert stored(catalog, "m")["parameter_count"] == 8_030_261_248
    assert not rows(catalog, "model_conflicts")


@pytest.mark.parametrize(("state", "kept"), [("merged", Q8), ("kept", Q4), ("rejected", Q4)])
def test_a_person_decides_about_a_field(catalog: Catalog, state: str, kept: str) -> None:
    register(catalog, model("m", quantization_id=Q4))
    register(catalog, model("m", quantization_id=Q8))
    assert msgspec.json.decode(conflict(catalog)["difference"]) == {
        "quantization_id": {"stored": "q4_k_m", "arrived": "q8_0"}
    }
    decide(catalog, state)
    assert stored(catalog, "m")["quantization_id"] == kept
    row = conflict(catalog)
    assert (row["state"], row["decided_by"], row["decided_at"], row["note"]) == (
        state,
        "anna",
        NOW,
        "so it is",
    )
    with pytest.raises(UsageError, match=f"was decided by anna already: {state}"):
        decide(catalog, "kept")
    assert register(catalog, model("m", quantization_id=kept)).outcome == "known"


def test_an_unknown_value_waits_for_the_row_that_it_means(catalog: Catalog) -> None:
    register(catalog, model("m"), unknown={"quantization_id": "weird"})
    with pytest.raises(UsageError, match="name one with `--as`"):
        decide(catalog, "merged")
    with pytest.raises(UnknownNameError, match="no quantization is called `q8_9`"):
        decide(catalog, "merged", value="q8_9")
    assert conflict(catalog)["state"] == "open"
    decide(catalog, "merged", value="q8_0")
    assert stored(catalog, "m")["quantization_id"] == Q8
    assert register(catalog, model("m"), unknown={"quantization_id": "weird"}).outcome == "known"


def test_the_same_weights_under_two_names_are_two_models_until_merged(catalog: Catalog) -> None:
    first = register(catalog, model("m", model_hash=HASH))
    second = register(catalog, model("n", model_hash=HASH))
    row = conflict(catalog)
    assert (row["kind"], row["model_id"], row["other_model_id"]) == (
        "same_weights",
        first.model_id,
        second.model_id,
    )
    assert stored(catalog, "n")["model_hash"] is None
    assert catalog.snapshot().folds == {}
    decide(catalog, "merged")
    assert catalog.snapshot().folds == {"models": {second.model_id: first.model_id}}
    assert register(catalog, model("n", model_hash=HASH)) == Registered(
        first.model_id, "m", "known", ()
    )
    assert catalog.registry.remove_alias(kind_of("model"), second.model_id)
    assert catalog.snapshot().folds == {}
    assert conflict(catalog)["state"] == "open"


def test_a_rejected_model_goes_and_does_not_come_back(catalog: Catalog) -> None:
    register(catalog, model("m", model_hash=HASH))
    wrong = model("n", model_hash=HASH)
    register(catalog, wrong, sources=(source("/n"),), unknown={"quantization_id": "weird"})
    waiting = {row["kind"]: row["conflict_id"] for row in rows(catalog, "model_conflicts")}
    decision = Decision("rejected", "anna", NOW, "it is a copy")
    catalog.registry.decide(waiting["same_weights"], decision)
    assert [row["model_name"] for row in rows(catalog, "models")] == ["m"]
    assert not rows(catalog, "model_sources")
    assert [row["state"] for row in rows(catalog, "model_conflicts")] == ["rejected"]
    with pytest.raises(UsageError, match="was rejected by anna: it is a copy"):
        register(catalog, wrong)


def test_a_rejected_model_with_results_stays(catalog: Catalog) -> None:
    commit(catalog, [*everything(), msgspec.structs.replace(sample(Model), model_hash=None)])
    with_results = sample(Model)
    register(catalog, model("m", model_hash=OTHER_HASH))
    claimed = msgspec.structs.replace(with_results, model_hash=OTHER_HASH)
    done = catalog.registry.register(Claim(claimed), WHEN)
    same = [row for row in rows(catalog, "model_conflicts") if row["kind"] == "same_weights"]
    catalog.registry.decide(same[-1]["conflict_id"], Decision("rejected", "anna", NOW, "no"))
    assert done.model_id in {row["model_id"] for row in rows(catalog, "models")}


def test_kept_models_both_stay(catalog: Catalog) -> None:
    register(catalog, model("m", model_hash=HASH))
    register(catalog, model("n", model_hash=HASH))
    decide(catalog, "kept")
    assert {row["model_name"] for row in rows(catalog, "models")} == {"m", "n"}
    assert register(catalog, model("n", model_hash=HASH)).outcome == "known"


def test_nameless_weights_are_known_by_their_hash_wherever_they_are(catalog: Catalog) -> None:
    made = Model(
        model_id=ids.weights_ids(HASH)[0][0], provider="local", model_name="f", model_hash=HASH
    )
    first = register(catalog, made, named=False, sources=(source("/a"),))
    moved = register(catalog, made, named=False, sources=(source("/b"),))
    assert (moved.model_id, moved.outcome) == (first.model_id, "changed")
    assert [row["url"] for row in rows(catalog, "model_sources")] == ["/a", "/b"]


def test_weights_registered_unhashed_are_found_again_by_their_place(catalog: Catalog) -> None:
    made = Model(model_id=ids.model_id("local", "/a"), provider="local", model_name="f")
    first = register(catalog, made, named=False, sources=(source("/a"),))
    hashed = msgspec.structs.replace(made, model_id=ids.weights_ids(HASH)[0][0], model_hash=HASH)
    second = register(catalog, hashed, named=False, sources=(source("/a"),))
    assert (second.model_id, second.outcome) == (first.model_id, "changed")
    changed = msgspec.structs.replace(
        hashed, model_id=ids.weights_ids(OTHER_HASH)[0][0], model_hash=OTHER_HASH
    )
    third = register(catalog, changed, named=False, sources=(source("/a"),))
    assert third.outcome == "new"
    found = {row["model_id"]: row["predecessor_model_id"] for row in rows(catalog, "models")}
    assert found == {first.model_id: None, third.model_id: first.model_id}
    again = register(catalog, changed, named=False, sources=(source("/a"),))
    assert again.outcome == "known"


def test_a_name_that_results_spelt_otherwise_is_the_same_model(catalog: Catalog) -> None:
    of_results = Model(
        model_id=ids.model_id("ollama", "m:8b"), provider="ollama", model_name="m:8b"
    )
    commit(catalog, [of_results])
    parsed = Model(
        model_id=ids.model_id("ollama", "m", "8b"),
        provider="ollama",
        model_name="m",
        model_version="8b",
    )
    done = register(catalog, parsed, spellings={of_results.model_id: "m:8b"})
    assert done.model_id == of_results.model_id
    assert [row["model_version"] for row in rows(catalog, "models")] == ["8b"]


def test_an_adapter_brings_the_model_that_it_is_on(catalog: Catalog) -> None:
    base = model("base")
    adapter = model("lora", adapter_hash=HASH, provisional=False)
    register(catalog, adapter, base=base)
    assert stored(catalog, "lora")["base_model_id"] == base.model_id
    assert stored(catalog, "base")["provisional"]


def test_a_predecessor_that_is_not_there_is_refused(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="which no model has; register that model first"):
        register(catalog, model("m", predecessor_model_id=ids.random_id()))
    made = model("m")
    with pytest.raises(UsageError, match="which no model has"):
        register(catalog, msgspec.structs.replace(made, predecessor_model_id=made.model_id))
    assert not rows(catalog, "models")
    register(catalog, made)
    with pytest.raises(UsageError, match="is the model itself"):
        register(catalog, msgspec.structs.replace(made, predecessor_model_id=made.model_id))


def test_what_sources_state_is_kept_the_first_word_on_each_thing(catalog: Catalog) -> None:
    register(catalog, model("m", stated='{"name":"M!","quantization":"Q4"}'))
    register(catalog, model("m", stated='{"name":"other","license":"mit"}'))
    assert msgspec.json.decode(stored(catalog, "m")["stated"]) == {
        "name": "M!",
        "quantization": "Q4",
        "license": "mit",
    }


def test_ten_that_register_one_hash_at_once_end_in_one_model_and_conflicts(url: str) -> None:
    catalog = Catalog(url)
    catalog.prepare()
    with ThreadPoolExecutor(10) as pool:
        done = list(pool.map(lambda number: _one_of_ten(url, number), range(10)))
    found = rows(catalog, "models")
    assert len(done) == len(found) == 10
    assert [row["model_hash"] for row in found].count(HASH) == 1
    conflicts = rows(catalog, "model_conflicts")
    owner = next(row["model_id"] for row in found if row["model_hash"])
    assert {row["other_model_id"] for row in conflicts} == {row["model_id"] for row in found} - {
        owner
    }
    catalog.close()


def _one_of_ten(url: str, number: int) -> Registered:
    catalog = Catalog(url)
    try:
        return register(catalog, model(f"m{number}", model_hash=HASH))
    finally:
        catalog.close()


def test_ten_processes_that_register_the_same_weights_end_in_one_model(url: str) -> None:
    catalog = Catalog(url)
    catalog.prepare()
    with multiprocessing.get_context("spawn").Pool(5) as pool:
        done = pool.starmap(_nameless, [(url, number) for number in range(10)])
    [row] = rows(catalog, "models")
    assert {each.model_id for each in done} == {row["model_id"]}
    assert [each.outcome for each in done].count("new") == 1
    assert len(rows(catalog, "model_sources")) == 10
    catalog.close()


def _nameless(url: str, number: int) -> Registered:
    catalog = Catalog(url)
    made = Model(
        model_id=ids.weights_ids(HASH)[0][0], provider="local", model_name="f", model_hash=HASH
    )
    try:
        return register(catalog, made, named=False, sources=(source(f"/{number}"),))
    finally:
        catalog.close()


def test_models_of_results_meet_what_is_registered(catalog: Catalog) -> None:
    """Two formats bring the same weights: a conflict, never an error of the database."""
    commit(catalog, [model("m", model_hash=HASH)])
    commit(catalog, [model("n", model_hash=HASH, quantization_id=Q4)])
    commit(catalog, [model("n", model_hash=HASH, quantization_id=Q4)])
    assert conflict(catalog)["kind"] == "same_weights"
    assert stored(catalog, "n")["quantization_id"] == Q4


# -- operations per token ------------------------------------------------------------------------


def flops(catalog: Catalog) -> list[int | None]:
    return [row["flops_per_token_theoretical"] for row in rows(catalog, Cell.table)]


def _result(catalog: Catalog, made: Model, **values: Any) -> Cell:
    rest = [each for each in everything() if not isinstance(each, Cell)]
    base: Cell = sample(Cell)
    cell = msgspec.structs.replace(
        base,
        model_id=made.model_id,
        unit_id=None,
        **{"flops_per_token_theoretical": None, **values},
    )
    commit(catalog, [*rest, made, cell])
    return cell


def test_results_have_the_operations_of_their_model_at_once(catalog: Catalog) -> None:
    _result(catalog, model("m", parameter_count=8_030_261_248))
    assert flops(catalog) == [16_060_522_496]


def test_active_parameters_count_where_they_are_known(catalog: Catalog) -> None:
    made = model("m", parameter_count=46_702_792_704, active_parameter_count=12_879_925_248)
    _result(catalog, made)
    assert flops(catalog) == [25_759_850_496]


def test_results_learn_the_operations_when_their_model_learns_its_size(catalog: Catalog) -> None:
    _result(catalog, model("m"))
    assert flops(catalog) == [None]
    register(catalog, model("m", parameter_count=8_030_261_248))
    assert flops(catalog) == [16_060_522_496]


def test_what_a_source_states_stays_while_the_size_is_not_known(catalog: Catalog) -> None:
    _result(catalog, model("m"), flops_per_token_theoretical=17)
    assert flops(catalog) == [17]


def test_a_merged_model_lends_its_operations_and_takes_them_back(catalog: Catalog) -> None:
    _result(catalog, model("n"))
    register(catalog, model("m", parameter_count=1_000))
    first, second = model("m").model_id, model("n").model_id
    alias = Alias("model", second, first, "n", "the same", "anna", NOW)
    assert catalog.registry.add_alias(alias)
    assert not catalog.registry.add_alias(alias)
    assert flops(catalog) == [2_000]
    register(catalog, model("m", active_parameter_count=10))
    assert flops(catalog) == [20]
    catalog.registry.remove_alias(kind_of("model"), second)
    assert flops(catalog) == [None]
