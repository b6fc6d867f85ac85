"""Headers on every answer; nothing inline, nothing from elsewhere."""

from __future__ import annotations

from flask import Flask, Response, g, request
from werkzeug.middleware.proxy_fix import ProxyFix

from pilot_eval.settings import Settings

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",  # Bootstrap's arrows are data: images
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_FEATURES = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": _FEATURES,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def install(app: Flask, settings: Settings) -> None:
    """Set the security headers and trust as many proxies as there are."""
    if settings.proxies:
        count = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]  # how Flask wraps middleware

    @app.after_request
    def _add(response: Response) -> Response:
        response.headers.update(_HEADERS)
        if g.get("asks_for_place"):
            response.headers["Permissions-Policy"] = _FEATURES.replace("geolocation=()", "geolocation=(self)")
        if request.is_secure:
            response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if request.endpoint not in {"static", "bootstrap.static"}:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def permit_place() -> None:
    """Let this answer's page ask the reader's device where it is; no other page may."""
    g.asks_for_place = True
