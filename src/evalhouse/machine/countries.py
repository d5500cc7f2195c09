"""Countries whose electricity has a known carbon intensity."""

from __future__ import annotations

import difflib
import json
import re
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from evalhouse.errors import UsageError

_MIXES = Path("data", "private_infra", "global_energy_mix.json")
_CODE = re.compile("[A-Z]{3}")
_LETTERS = 3
_MOST = 3  # suggestions
_CLOSE = 0.6  # similarity of names from 0 to 1; below it nothing is suggested


class UnknownCountryError(UsageError):
    """A country that CodeCarbon has no figure for, where it would take the world's mean unasked."""

    def __init__(self, found: str, suggestions: dict[str, str]) -> None:
        listed = " or ".join(f"`{code}` ({name})" for code, name in suggestions.items())
        advice = f"did you mean {listed}?" if listed else "write it like `USA` or `IRL`"
        super().__init__(
            f"no carbon intensity is known for the country `{found}`, which is to be a code of "
            f"three letters (ISO 3166); {advice}"
        )
        self.found = found


def check_country(country: str) -> str:
    """Return the code of a country in capitals.

    Without CodeCarbon any three letters pass, since nothing is computed from them.

    Raises:
        UnknownCountryError: CodeCarbon does not know it.
    """
    code = country.strip().upper()
    known = country_names()
    if _CODE.fullmatch(code) and (code in known or not known):
        return code
    raise UnknownCountryError(country, _suggestions(country.strip(), known))


@cache
def country_names() -> dict[str, str]:
    """Return the names by code, from CodeCarbon's own table; none where it is not installed.

    The table is read where it lies: to import CodeCarbon would take a hundred times as long.
    """
    spec = find_spec("codecarbon")
    for place in (spec and spec.submodule_search_locations) or ():
        try:
            mixes = json.loads((Path(place) / _MIXES).read_text("utf-8"))
        except (OSError, ValueError):
            continue
        return {code: mix.get("country_name", code) for code, mix in mixes.items()}
    return {}


def _suggestions(text: str, known: dict[str, str]) -> dict[str, str]:
    code = _looked_up(text)
    if code in known:
        return {code: known[code]}
    found = _named_like(text.casefold(), {name.casefold(): code for code, name in known.items()})
    if not found and len(text) == _LETTERS:
        found = difflib.get_close_matches(text.upper(), known, n=_MOST, cutoff=_CLOSE)
    return {code: known[code] for code in found}


def _named_like(text: str, codes: dict[str, str]) -> list[str]:
    """Return codes of countries whose names begin like this, or else nearly are this."""
    names = [name for name in codes if len(text) >= _LETTERS and name.startswith(text)]
    close = names or difflib.get_close_matches(text, codes, n=_MOST, cutoff=_CLOSE)
    return [codes[name] for name in close[:_MOST]]


def _looked_up(text: str) -> str:
    """Return the code that the ISO lists have for a name or a code of two letters; else nothing."""
    try:
        countries = import_module("pycountry").countries
    except ImportError:  # it comes with CodeCarbon
        return ""
    try:
        return str(countries.lookup(text).alpha_3)
    except LookupError:
        return ""
