"""What answers to a task are worth: scores against its gold, field by field, with intervals."""

from __future__ import annotations
