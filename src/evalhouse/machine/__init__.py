"""Where it ran: software, hardware, and the energy that was used."""

from __future__ import annotations
