"""Where an endpoint is: addresses as people write them, made complete."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from evalhouse.errors import UsageError

_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what servers bind; nobody connects there
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Api:
    """What addresses of an API look like when they are complete.

    `root` stands between the host and the paths; `endings` are cut off, since people paste them.
    `port` is taken where an address names neither scheme nor port.
    """

    default: str
    root: str = ""
    endings: tuple[str, ...] = ()
    port: int | None = None


@dataclass(frozen=True)
class Address:
    """A complete address: `url` ends without a slash, before the paths of the API."""

    url: str
    host: str

    @property
    def is_local(self) -> bool:
        """Tell whether this machine itself answers there."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        number = _number(self.host)
        return number is not None and number.is_loopback

    @property
    def origin(self) -> str:
        """Return scheme, host and port alone."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"


def complete(text: str, api: Api) -> Address:
    """Make an address complete: scheme, port, IPv6 brackets, and the root of the API.

    Without a scheme, local names, numbers and unusual ports are taken for `http`, all else for
    `https`.
    """
    parts = _split(text.strip())
    host = _ANY.get(parts.hostname or "", parts.hostname or "")
    port = parts.port
    scheme = parts.scheme or _scheme(host, port, api)
    if port is None and not parts.scheme:
        port = api.port
    shown = f"[{host}]" if ":" in host else host
    place = shown if port in {None, _PORTS[scheme]} else f"{shown}:{port}"
    return Address(f"{scheme}://{place}{_path(parts.path, api)}", host)


def _split(text: str) -> SplitResult:
    # Without brackets the end of an IPv6 number looks like a port.
    if _number(text) and ":" in text:
        text = f"[{text}]"
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        faulty = not parts.hostname or parts.scheme not in {"", *_PORTS} or parts.port == 0
    except ValueError:
        raise UsageError(_FAULT) from None
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        # Not quoted: what is wrong with it may be a secret.
        raise UsageError(
            "`base_url` holds a user, a password or a query; keys come from the environment alone, "
            "named with `key_variable` or `header_variables`"
        )
    if faulty or any(letter.isspace() for letter in text):
        raise UsageError(_FAULT)
    return parts


_FAULT = "`base_url` is no address; write one as `http://127.0.0.1:8000/v1` or `https://[::1]:8443`"


def _scheme(host: str, port: int | None, api: Api) -> str:
    if port is not None:
        return "https" if port == _PORTS["https"] else "http"
    # Certificates are for names in the public tree; what else there is serves plain HTTP.
    plain = api.port is not None or "." not in host or _number(host) is not None
    return "http" if plain or host.endswith((".local", ".lan", ".internal")) else "https"


def _path(path: str, api: Api) -> str:
    path = path.rstrip("/")
    for ending in api.endings:
        path = path.removesuffix(ending).rstrip("/")
    return path or api.root


def _number(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
