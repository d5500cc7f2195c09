from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Evalhouse

HASH = "ab" * 32
DESCRIPTOR = {
    "schema_version": 1,
    "name": "Tiny",
    "model_hash": HASH,
    "parameter_count_b": 8.0,
    "quantization": "q8_0",
    "sources": [{"source_type": "huggingface", "url": "https://huggingface.co/org/tiny"}],
}


@pytest.fixture
def at(call: Evalhouse, tmp_path: Path) -> Evalhouse:
    """Give a function that runs a command on a new house."""
    return lambda *words: call("--house", tmp_path / "house", *words)


@pytest.fixture
def twins(at: Evalhouse, tmp_path: Path) -> Evalhouse:
    """Give a house with one file of weights under two names."""
    for name in ("Tiny", "Twin"):
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps({**DESCRIPTOR, "name": name}))
        assert at("models", "register", path).code == 0
    return at


def test_models_are_registered_and_listed(at: Evalhouse) -> None:
    done = at("models", "register", "openai/gpt-4o-2024-11-20", "--context", "128000")
    assert done.out.startswith("registered gpt-4o (")
    again = at("models", "register", "openai/gpt-4o-2024-11-20", "--context", "128000")
    assert again.out.startswith("nothing new about gpt-4o (")
    out = at("models", "list").out
    assert "2024-11-20" in out
    assert "128,000" in out
    [row] = at("models", "list", "--json").json
    assert (row["provider"], row["context_length"]) == ("openai", 128_000)


def test_a_name_without_its_revision_is_told_which_there_are(at: Evalhouse) -> None:
    assert "another" not in at("models", "register", "org/m@main").out
    done = at("models", "register", "org/m", "--context", "4096")
    assert done.out.splitlines()[1].startswith("  another one is there, org/m main of huggingface:")
    assert "another" not in at("models", "register", "org/m", "--context", "4096").out


def test_what_a_person_says_is_added_to_a_model_by_its_id(at: Evalhouse) -> None:
    at("models", "register", "m", "--provider", "local", "--model-version", "a/b.gguf")
    [row] = at("models", "list", "--json").json
    done = at("models", "register", row["model_id"][:8], "--parameters", "9B")
    assert done.out == f"added to m ({row['model_id']})\n"
    [row] = at("models", "list", "--json").json
    assert (row["parameters"], row["provider"], row["version"]) == (9 * 10**9, "local", "a/b.gguf")
    unknown = at("models", "register", "0123abcd", "--parameters", "9B")
    assert unknown.code == 2
    assert "does not say where the model is had" in unknown.err


def test_a_model_is_shown_with_what_it_costs_to_run(twins: Evalhouse) -> None:
    out = twins("models", "show", "Tiny").out
    for told in (
        "huggingface/Tiny",
        "16.000 GFLOP per token",
        "GB for its weights at",
        "same weights",
    ):
        assert told in out
    page = twins("models", "show", "Tiny", "--json").json
    assert page["compute"]["flops_per_token_theoretical"] == 16_000_000_000
    assert page["conflicts"][0]["kind"] == "same_weights"


def test_a_conflict_is_shown_merged_and_undone(twins: Evalhouse) -> None:
    [line] = twins("models", "conflicts", "--json").json
    short = line["conflict_id"][:8]
    assert f"{short}  same_weights" in twins("models", "conflicts").out
    shown = twins("models", "conflicts", short)
    assert "model_name" in shown.out
    assert "Twin" in shown.out
    assert f"models merge {short}" in shown.err
    assert twins("models", "conflicts", short, "--json").json["state"] == "open"
    assert twins("models", "merge", short, "--by", "anna").out == f"{short} is merged, by anna\n"
    assert "merged by anna" in twins("models", "conflicts", short).out
    assert twins("models", "conflicts").out == "no conflicts wait for a person\n"
    assert "merged" in twins("models", "conflicts", "--all").out
    assert twins("models", "separate", "Twin").out == "Twin stands for itself again\n"
    kept = twins("models", "keep", short, "--note", "two uploads", "--json").json
    assert (kept["state"], kept["note"]) == ("kept", "two uploads")


def test_a_model_is_rejected(twins: Evalhouse) -> None:
    [line] = twins("models", "conflicts", "--json").json
    out = twins("models", "reject", line["conflict_id"], "--note", "a copy").out
    assert "is rejected" in out
    assert [row["model"] for row in twins("models", "list", "--json").json] == ["Tiny"]


def test_an_unknown_value_is_given_a_row(at: Evalhouse) -> None:
    done = at("models", "register", "ollama/m:8b", "--quantization", "zz9")
    assert "1 thing waits for a person" in done.out
    [line] = at("models", "conflicts", "--json").json
    failed = at("models", "merge", line["conflict_id"])
    assert failed.code == 2
    assert "name one with `--as`" in failed.err
    assert at("models", "merge", line["conflict_id"], "--as", "q8_0", "--json").json["note"] is None
    shown = at("models", "conflicts", line["conflict_id"], "--json").json["differences"]
    assert shown == [{"field": "quantization", "stored": None, "arrived": "zz9", "taken": "q8_0"}]
    assert "q8_0" in at("models", "conflicts", line["conflict_id"]).out
    assert at("sql", "SELECT quantization FROM models", "--format", "json").json == [
        {"quantization": "q8_0"}
    ]


def test_aliases_are_added_listed_and_removed(twins: Evalhouse) -> None:
    added = twins("aliases", "add", "model", "Old Tiny", "Tiny", "--reason", "renamed")
    assert added.code == 2  # a name without a provider names no model
    added = twins("aliases", "add", "model", "org/old", "Tiny", "--reason", "renamed")
    assert added.out == "org/old stands for Tiny\n"
    added = twins("aliases", "add", "model", "org/old", "Tiny", "--reason", "renamed")
    assert "are the same model already" in added.err
    assert "renamed" in twins("aliases", "list", "model").out
    [found] = [
        each
        for each in twins("aliases", "list", "model", "--json").json
        if each["reason"] == "renamed"
    ]
    assert found["alias_name"] == "org/old"
    assert twins("aliases", "list", "task").out == "no task stands for another\n"
    assert twins("aliases", "remove", "model", "org/old", "--json").json == found
    added = twins("aliases", "add", "model", "org/old", "Tiny", "--reason", "again", "--json")
    assert added.json["reason"] == "again"
    assert "stands for itself" in twins("aliases", "remove", "model", "org/old").out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["models", "show", "nobody"], "no model is called `nobody`"),
        (["models", "register", "nothing.gguf"], "there is nothing at `nothing.gguf`"),
        (["models", "register", "openai/x", "--parameters", "many"], "expected a number of"),
        (["models", "merge", "12345678"], "no conflict is called `12345678`"),
        (["models", "separate", "x"], "no model is merged under `x`"),
        (["aliases", "list", "run"], "no kind of alias is called `run`"),
        (["models", "register", "openai/a", "openai/b", "--context", "1K"], "one model"),
    ],
)
def test_a_wrong_request_is_told_in_one_sentence(
    twins: Evalhouse, words: list[str], sentence: str
) -> None:
    done = twins(*words)
    assert done.code == 2
    assert sentence in done.err


def test_several_models_are_registered_at_once(at: Evalhouse) -> None:
    done = at("models", "register", "openai/a", "openai/b", "--json").json
    assert [each["outcome"] for each in done] == ["new", "new"]
    assert at("models", "list").code == 0


def test_a_house_without_models_says_how_they_come(at: Evalhouse) -> None:
    at("init")
    assert "no models yet" in at("models", "list").out


def test_no_secret_of_an_option_is_stored_or_shown(at: Evalhouse, tmp_path: Path) -> None:
    secret = "sk-proj-" + "aB3x" * 10
    words = ["--description", f"key {secret}", "--creator", secret, "--by", secret]
    words += ["--source", f"https://h.example/x?api_key={secret}&X-Amz-Signature=4e3f2a1b"]
    assert at("models", "register", "openai/m", *words).code == 0
    shown = at("models", "show", "openai/m").out
    assert "X-Amz-Signature=⟦redacted:setting:" in shown
    files = [path.read_bytes() for path in (tmp_path / "house").rglob("*") if path.is_file()]
    assert not [data for data in files if secret.encode() in data or b"4e3f2a1b" in data]


def test_a_name_with_a_password_is_refused_without_showing_it(at: Evalhouse) -> None:
    done = at("models", "register", "https://user:pw1234567@hf.co/a/b")
    assert done.code == 2
    assert "holds a user or password" in done.err
    assert "pw1234567" not in done.out + done.err
