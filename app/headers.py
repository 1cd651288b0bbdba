"""What every answer tells the browser: nothing from elsewhere, nothing inline, no guessing at types, no framing."""

from flask import Flask, Response, request

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
# The import page's photographs come as files, from whatever the user takes them with.
UNUSED = ("camera", "microphone", "geolocation", "display-capture", "midi", "payment", "usb")
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{kind} {sources}" for kind, sources in POLICY.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",  # for what is embedded; what is fetched is CORS's (app/cors.py)
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
    # With no-referrer a form would say "Origin: null" to this server too (app/cross_site.py).
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
TLS_ONLY = "max-age=31536000"  # seconds, a year; subdomains are not this server's to decide on


def init_app(app: Flask) -> None:
    app.after_request(_add)


def _add(response: Response) -> Response:
    response.headers.update(HEADERS)
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = TLS_ONLY
    return response
