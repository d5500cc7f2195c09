"""Adapters audited and made smaller."""

from __future__ import annotations
