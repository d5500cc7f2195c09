"""Compare runs on one field: join the table of metrics with the table of runs."""

from __future__ import annotations

import pandas as pd

metrics = pd.read_csv("outputs/metrics/policy-sentiment_metrics_log.csv")
runs = pd.read_csv("outputs/metrics/policy-sentiment_metrics_log_runs.csv")

merged = metrics.merge(runs, on="run_id")
direction = merged[
    (merged["column"] == "Policy Sentiment_Direction") & (merged["metric"] == "f1_macro")
]
shown = direction[["model_id", "chat_mode", "reasoning", "use_examples", "value"]]
print(shown.to_string(index=False))
