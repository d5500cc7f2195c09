"""Metrics of answers: pure functions, arrays in, a value with its count and note out."""

from __future__ import annotations
