"""Files of other formats, as small as their shape can be shown. Data, no reader."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping

_EVAL = {"version": 2, "status": "success", "eval": {"task": "t", "model": "m"}, "samples": []}


def _archive() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("header.json", json.dumps(_EVAL))
        archive.writestr("samples/1_epoch_1.json", json.dumps({"id": 1, "scores": {}}))
    return stream.getvalue()


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


FOREIGN: Mapping[str, Mapping[str, bytes]] = {
    "lm_eval": {
        "results_2026-01-15T13-13-26.json": _json(
            {
                "results": {"piqa": {"alias": "piqa", "acc,none": 0.5, "acc_stderr,none": 0.1}},
                "configs": {"piqa": {"task": "piqa", "metadata": {"version": 1.0}}},
                "n-shot": {"piqa": 0},
                "config": {"model": "hf", "limit": None},
            }
        ),
        "samples_piqa_2026-01-15T13-13-26.jsonl": _json(
            {
                "doc_id": 0,
                "doc": {"goal": "g"},
                "target": "0",
                "arguments": {"gen_args_0": {"arg_0": "p", "arg_1": " a"}},
                "resps": [[["-1.0", "False"]]],
                "filtered_resps": [["-1.0", "False"]],
                "doc_hash": "0",
                "acc": 1.0,
            }
        ),
    },
    "inspect": {
        "2026-01-01T00-00-00_t_a.json": _json(_EVAL),
        "2026-01-01T00-00-00_t_a.eval": _archive(),
    },
    "helm": {
        "stats.json": _json([{"name": {"name": "exact_match", "split": "test"}, "mean": 0.5}]),
        "run_spec.json": _json({"name": "mmlu:model=m", "metric_specs": [], "groups": []}),
        "per_instance_stats.json": _json([{"instance_id": "id1", "stats": [{"count": 1}]}]),
        "scenario_state.json": _json({"request_states": [], "adapter_spec": {}}),
    },
    "every_eval_ever": {
        "0b1c.json": _json(
            {
                "schema_version": "0.2.0",
                "evaluation_id": "e",
                "model_info": {"name": "m", "id": "o/m"},
                "evaluation_results": [{"evaluation_name": "e", "score_details": {"score": 1.0}}],
            }
        ),
    },
    "mteb": {
        "Banking77.json": _json(
            {
                "task_name": "Banking77",
                "scores": {"test": [{"main_score": 0.5}]},
                "mteb_version": "1",
            }
        ),
    },
    "others": {
        "table.csv": b"doc_id,metrics,model_output\n0,1,2\n",
        "config.json": _json({"model_type": "llama", "hidden_size": 1}),
        "metrics.json": _json({"loss": 1.0, "epoch": 2}),
        "train.jsonl": _json({"prompt": "a", "completion": "b"}) + b"\n",
        "predictions.jsonl": _json({"id": 0, "prediction": "x"}) + b"\n",
        "requests.jsonl": _json({"url": "u", "request": {}, "doc_id": 1}) + b"\n",
        "length_stats.json": _json({"mean": 1.0, "tasks": {}}),
        "notes.json": b'"a text of its own"',
        "list.json": b"[1, 2, 3]",
        "empty.json": b"",
        "empty.jsonl": b"\n\n",
        "broken.json": b'{"doc_id": ',
        "README.md": b"# metrics\n",
        "weights.json": bytes(range(256)),
        "packed.json.gz": b"\x1f\x8b\x08",
        "packed.jsonl.zst": b"\x28\xb5\x2f\xfd\x00",
    },
}
