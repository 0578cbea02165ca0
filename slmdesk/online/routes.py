"""Derives from settings and environment what the network guard allows: endpoint, storage, proxy, certificates."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from slmdesk.base.errors import KnownError
from slmdesk.base.record import Record
from slmdesk.base.settings import Settings
from slmdesk.hub.guard import HUB, HUB_HOSTS, GuardPolicy
from slmdesk.online.proxy_password import ProxyPasswords

ENDPOINT_VARIABLE = "HF_ENDPOINT"
MAX_CA_BYTES = 16 << 20


class FixedProxy(Record):
    """Uses the same proxy for every host except this PC itself."""

    address: str
    place: str = ""
    """Where the password for it is kept; empty: it has none, or it stands in the address."""
    passwords: ProxyPasswords | None = None

    def __call__(self, _scheme: str, host: str) -> str:
        """The address of the proxy.  Not on the service thread.  Raises KnownError `proxy.password`."""
        if _is_here(host) or not self.place or self.passwords is None:
            return "" if _is_here(host) else self.address
        return self.passwords.full_address(self.address, self.place)


def system_proxy(scheme: str, host: str) -> str:
    """The proxy that HTTPS_PROXY and NO_PROXY, or the settings of the system, name; empty for none."""
    import urllib.request  # 30 ms

    if _is_here(host) or urllib.request.proxy_bypass(host):
        return ""
    found = urllib.request.getproxies()
    address = found.get(scheme) or found.get("all") or ""
    return address if "://" in address or not address else f"http://{address}"


def no_proxy(_scheme: str, _host: str) -> str:
    return ""


def policy_for(settings: Settings, offline: Callable[[], bool], passwords: ProxyPasswords | None = None) -> GuardPolicy:
    """What the guard allows by these settings.  Equal settings give equal policies."""
    endpoint = endpoint_of(settings)
    host = (urlsplit(endpoint).hostname or "").lower()
    more = frozenset(settings.hub_hosts.lower().split())
    proxies = {"system": system_proxy, "none": no_proxy}
    return GuardPolicy(
        offline=offline,
        hosts=(HUB_HOSTS if endpoint == HUB else frozenset({host})) | more,
        endpoint=endpoint,
        proxy_for=proxies.get(settings.proxy) or FixedProxy(settings.proxy, settings.proxy_password_place, passwords),
        way=urlsplit(settings.proxy).netloc.rpartition("@")[2] or settings.proxy,
        ca_file=settings.ca_file,
    )


def endpoint_of(settings: Settings) -> str:
    """Where the Hub is asked: the setting, else HF_ENDPOINT, else the Hub itself."""
    return (settings.hub_endpoint or os.environ.get(ENDPOINT_VARIABLE) or HUB).rstrip("/")


def certificates_in(path: Path) -> int:
    """How many certificates a PEM file holds.  Raises KnownError `setting.invalid` when it is no such file."""
    import ssl  # 15 ms

    try:
        if not path.is_file() or path.stat().st_size > MAX_CA_BYTES:
            raise KnownError("setting.invalid", key="ca_file", reason="it is no file of certificates")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(cafile=path)
    except ssl.SSLError as err:
        raise KnownError("setting.invalid", key="ca_file", reason="there is no certificate in it (PEM)") from err
    except OSError as err:
        raise KnownError("setting.invalid", key="ca_file", reason=err.strerror or "it cannot be read") from err
    return len(context.get_ca_certs()) or context.cert_store_stats()["x509"]


def _is_here(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
