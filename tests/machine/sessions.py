"""Rows as CodeCarbon makes them, and folders of a run that holds some."""

from __future__ import annotations

from typing import Any

from evalhouse.machine.energy import Energy
from evalhouse.machine.ledger import Session

VALUES: dict[str, Any] = {
    "timestamp": "2026-11-30T23:37:02",
    "project_name": 'a model, "quoted"',
    "run_id": "077c6d5e-244d-4533-ad07-8dd78a39648e",
    "experiment_id": "5b0fa12a-3dd7-45bb-9766-cc326314d9f1",
    "duration": 2.013514913000108,
    "emissions": 3.5019427665934412e-06,
    "emissions_rate": 1.7392186886639926e-06,
    "cpu_power": 1.2336912147760706,
    "gpu_power": 0.0,
    "ram_power": 20.0,
    "cpu_energy": 9.26979623136284e-07,
    "gpu_energy": 0.0,
    "ram_energy": 1.111525749999929e-05,
    "energy_consumed": 1.2042237123135574e-05,
    "water_consumed": 0.0,
    "country_name": "Ireland",
    "country_iso_code": "IRL",
    "region": None,
    "cloud_provider": "",
    "cloud_region": "",
    "os": "Linux-6.18-x86_64-with-glibc2.36",
    "python_version": "3.11.7",
    "codecarbon_version": "3.3.2",
    "cpu_count": 2,
    "cpu_model": "A Processor",
    "gpu_count": 0,
    "gpu_model": "",
    "longitude": None,
    "latitude": None,
    "ram_total_size": 23.540576934814453,
    "tracking_mode": "machine",
    "cpu_utilization_percent": 0.0,
    "gpu_utilization_percent": 0,
    "ram_utilization_percent": 2.4,
    "ram_used_gb": 0.5566329956054688,
    "on_cloud": "N",
    "pue": 1.0,
    "wue": 0.0,
}


def row(run_id: str = "first", **changes: Any) -> dict[str, str]:
    values = VALUES | {"run_id": run_id} | changes
    return {name: "" if value is None else str(value) for name, value in values.items()}


def session(session_id: str = "first", kwh: float | None = 0.5) -> Session:
    energy = Energy(scope="client_only", total_kwh=kwh, seconds=1.0)
    return Session(session_id, "2026-11-30T23:37:00+00:00", energy)
