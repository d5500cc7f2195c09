"""Low-rank adapters on disk: read, measured, made smaller; numpy is all that it takes."""

from __future__ import annotations
