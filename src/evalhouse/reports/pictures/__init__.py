"""Pictures of reports: charts in words of Vega-Lite, drawn as SVG that needs nothing else."""

from __future__ import annotations
