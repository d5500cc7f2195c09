from __future__ import annotations

import pytest

from evalhouse.errors import UnknownNameError, UsageError
from evalhouse.store import Store
from evalhouse.views.settings import Result, Settings
from tests.views.houses import Draft


@pytest.fixture
def settings(store: Store) -> Settings:
    """Return the settings of two results of two models, in runs of one configuration each."""
    draft = Draft()
    task = draft.task("a")
    results = []
    for name, shots in (("m1", 0), ("m2", 5)):
        model = draft.model(name, "main", parameter_count=7 if shots else None)
        run = draft.run(
            name,
            model_config={"revision": "main", "max_length": 4096, "dtype": {"kv": "fp8"}},
            path={"snapshot": f"of {name}", "limit": None},
        )
        config = {"num_shots": shots, "limit": 1.0, "context_kwargs": {"description": name}}
        prompt = draft.score(run, model, task, 0.5, config=config)
        results.append(Result(run, model, prompt))
    with draft.commit(store).reader() as reader:
        return Settings.of(reader, results)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("model", "models.model_name"),
        ("run", "runs.short_id"),
        ("num_shots", "task_config.num_shots"),
        ("snapshot", "path.snapshot"),
        ("status", "runs.status"),
        ("dtype.kv", "model_config.dtype.kv"),
        ("kv", "model_config.dtype.kv"),
        ("context_kwargs.description", "task_config.context_kwargs.description"),
        ("models.revision", "models.revision"),
        ("revision", "models.revision"),  # that of the run says the same
        ("limit", "task_config.limit"),  # that of the path is empty
    ],
)
def test_a_setting_is_known_by_its_whole_key_or_the_last_part(
    settings: Settings, name: str, key: str
) -> None:
    assert settings.resolve(name) == key


def test_a_last_part_of_keys_that_differ_is_refused(store: Store) -> None:
    draft = Draft()
    run, model = draft.run("r", model_config={"seed": 1}, path={"seed": 2}), draft.model("m")
    prompt = draft.score(run, model, draft.task("a"), 0.5)
    with draft.commit(store).reader() as reader:
        settings = Settings.of(reader, [Result(run, model, prompt)])
    with pytest.raises(UsageError, match=r"`seed` may be `model_config.seed`, `path.seed`"):
        settings.resolve("seed")


def test_an_unknown_setting_gets_close_ones(settings: Settings) -> None:
    with pytest.raises(UnknownNameError, match="did you mean `num_shots`"):
        settings.resolve("num_shot")


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ({"num_shots": ["5"]}, 1),
        ({"num_shots": ["5.0"]}, 1),
        ({"num_shots": ["0", "5"]}, 2),
        ({"num_shots": ["5"], "model": ["m1"]}, 0),
        ({"parameter_count": [""]}, 1),
        ({"path.limit": [""]}, 2),
        ({"limit": ["1"]}, 2),
        ({}, 2),
    ],
)
def test_results_are_chosen_by_their_settings(
    settings: Settings, where: dict[str, list[str]], count: int
) -> None:
    assert settings.matching(where).sum() == count


def test_a_result_without_a_prompt_has_no_task_settings(store: Store) -> None:
    draft = Draft()
    run, model = draft.run("r"), draft.model("m")
    prompt = draft.score(run, model, draft.task("a"), 0.5, config={"num_shots": 3})
    made = Result(run, model, None)
    with draft.commit(store).reader() as reader:
        settings = Settings.of(reader, [Result(run, model, prompt), made])
    assert settings.value("task_config.num_shots", made) is None
