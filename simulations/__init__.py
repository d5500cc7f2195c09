"""Simulations: how often intervals cover and tests reject, with the truth known."""

from __future__ import annotations
