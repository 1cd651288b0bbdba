"""Whose request it is: the proxies before this server that TRUSTED_PROXIES counts are believed, and nobody else."""

from ipaddress import IPv6Address, IPv6Network, ip_address

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix


def init_app(app: Flask) -> None:
    """Take address and scheme from what the trusted proxies add to X-Forwarded-For and X-Forwarded-Proto."""
    if count := app.config["TRUSTED_PROXIES"]:
        # Each proxy adds an address at the right, so what a stranger sends is left of those that count. The scheme is
        # not added but replaced, so the nearest proxy's is the only one.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=1)


def client_address() -> str:
    """Whom to count a request for: an IPv4 address, or the /64 of an IPv6 one, all of which is one customer's."""
    text = request.remote_addr or "127.0.0.1"  # none at a Unix socket
    try:
        address = ip_address(text)
    except ValueError:  # with a port, which some proxies add: theirs to say
        return text
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Network((int(address), 64), strict=False))
    return text
