"""Run tasks on models: questions out, checked answers in, each of them once, whatever happens."""

from __future__ import annotations
