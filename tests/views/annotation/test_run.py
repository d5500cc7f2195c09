from __future__ import annotations

import shlex

from evalhouse.views.annotation.run import run_report
from tests.views.annotation.runs import all_kinds, dropdown, record


def test_the_summary_says_what_was_asked_and_how() -> None:
    told = " ".join(run_report(record()).summary)
    assert "The model `llama3.1:8b` answered 6 fields about 200 texts through `ollama`" in told
    assert "One request asked all fields of one text." in told
    assert "temperature 0, seed 7" in told
    assert "asked 3 times" in told
    assert "`tasks/policy sentiment/ground-truth.csv`, row by row" in told


def test_a_baseline_asks_nobody() -> None:
    told = " ".join(run_report(record("majority", provider="baseline")).summary)
    assert told.startswith("The baseline `majority` answered 6 fields about 200 texts, for")
    assert "temperature" not in told


def test_changed_settings_are_those_that_differ_from_the_defaults() -> None:
    changed = {each.key for each in run_report(record()).changed}
    assert {"model", "prompt_type", "seed", "repeats"} <= changed
    assert not changed & {"temperature", "provider", "retries", "run_id"}


def test_the_command_makes_the_run_again() -> None:
    parts = shlex.split(run_report(record(use_examples=False, temperature=None)).command)
    assert parts[:3] == ["evalhouse", "annotate", "tasks/policy sentiment"]
    assert parts[3:] == [
        *("--model", "llama3.1:8b", "--provider", "ollama"),
        *("--base-url", "http://127.0.0.1:11434", "--prompt", "persona", "--no-examples"),
        *("--temperature", "none", "--seed", "7", "--repeats", "3", "--country", "IRL"),
    ]
    assert run_report(record(task_path=None)).command == ""


def test_warnings_of_a_field_are_told_together() -> None:
    field = dropdown("Tone", warnings=("only 9 rows", "gold is constant"), statuses={"ok": 9})
    assert run_report(record(fields=(field,))).cautions == (
        "`Tone`: Only 9 rows. Gold is constant.",
    )


def test_lost_answers_are_one_sentence() -> None:
    told = [each for each in run_report(record()).cautions if "could not be used" in each]
    assert len(told) == 1
    assert "`Relevance_Topics` 2 failed of 140" in told[0]


def test_what_changed_since_the_run_is_told() -> None:
    scored = {"ground_truth_sha256": "99" * 32, "codebook_hash": "88" * 32}
    cautions = run_report(record(scored=scored, status="incomplete")).cautions
    assert cautions[0].startswith("The run is incomplete")
    assert cautions[1].startswith("The ground truth has changed: the run was made with `abababab")
    assert cautions[2].startswith("The codebook has changed")


def test_energy_of_the_client_alone_and_old_definitions_are_told() -> None:
    scored = {"definition": "codebook-lab"}
    told = " ".join(run_report(record(scored=scored, energy_scope="client_only")).cautions)
    assert "codebook-lab 1.4.0" in told
    assert "Energy is that of the client alone" in told


def test_a_result_is_traced_to_what_it_was_made_of() -> None:
    found = run_report(record())
    facts = {fact.title: fact.value for fact in found.facts}
    assert facts["ground truth"] == "ab" * 32
    assert facts["prompt of Policy Sentiment_Direction"] == "12" * 32
    where = {fact.title: fact.value for fact in found.environment}
    assert where == {"evalhouse": "0.4.0", "python: version": "3.13.1", "os": "Debian 12"}
    assert found.files["output.csv"] == "56" * 32


def test_a_run_without_fields_says_so() -> None:
    assert "No field was scored." in run_report(record(fields=())).cautions


def test_fields_keep_the_order_of_the_codebook() -> None:
    found = run_report(record())
    assert [field.column for field in found.fields] == [field.column for field in all_kinds()]
