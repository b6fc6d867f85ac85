"""English or Russian: the visitor's choice, then the person's, then the browser's."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, has_request_context, request, session
from flask_babel import Babel, get_locale
from flask_login import current_user

CATALOGUES = Path(__file__).resolve().parent.parent / "translations"
LANGUAGES = {"en": "English", "ru": "Русский"}


def install(app: Flask) -> None:
    """Load the catalogues and hand the language to every template."""
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(CATALOGUES)
    Babel(app, default_locale="en", default_timezone="UTC", locale_selector=choose)
    app.context_processor(lambda: {"language": language(), "languages": LANGUAGES})


def choose() -> str:
    """The language of this request; English outside of one."""
    if not has_request_context():
        return "en"
    if (chosen := session.get("language")) in LANGUAGES:
        return str(chosen)
    if current_user and current_user.is_authenticated:
        return str(current_user.language)
    return request.accept_languages.best_match(list(LANGUAGES)) or "en"


def language() -> str:
    """`en` or `ru`."""
    locale = get_locale()
    return locale.language if locale else "en"
