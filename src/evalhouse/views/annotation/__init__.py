"""What reports of annotation runs show, made of what their files say."""

from __future__ import annotations
