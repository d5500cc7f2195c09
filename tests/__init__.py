"""The tests; a package, since one of the same name may be installed and would hide the folder."""

from __future__ import annotations
