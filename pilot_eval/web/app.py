"""The application: everything is wired here, nothing happens on import."""

from __future__ import annotations

from flask import Flask
from flask_bootstrap import Bootstrap5

from pilot_eval import __version__
from pilot_eval.assets import folder
from pilot_eval.records import database
from pilot_eval.settings import Settings, read_settings
from pilot_eval.web import errors, headers, languages, messages, phone, sessions, sign_in, text, words
from pilot_eval.web.areas import AREAS
from pilot_eval.web.local_paths import here
from pilot_eval.web.shell import navigation

MAX_FORM_BYTES = 16 * 1024 * 1024
MAX_TEXT_BYTES = 2 * 1024 * 1024


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application.

    Parameters
    ----------
    settings : Settings, optional
        Read from the environment unless given.

    Raises
    ------
    BadSetting, DatabaseProblem
        Before anything is served.
    """
    settings = settings or read_settings()
    app = Flask(
        "pilot_eval",
        root_path=str(folder("templates").parent),
        template_folder=str(folder("templates")),
        static_folder=str(folder("static")),
    )
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=MAX_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_TEXT_BYTES,
        MAX_FORM_PARTS=2000,
        TRUSTED_HOSTS=list(settings.hosts),
        TEMPLATES_AUTO_RELOAD=False,
        BOOTSTRAP_SERVE_LOCAL=True,
    )
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.context_processor(lambda: {"version": __version__, "here": here()})
    Bootstrap5(app)
    app.extensions["settings"] = settings
    engine = database.open_database(settings.database)
    database.check(engine)
    sessions.install(app, engine)
    headers.install(app, settings)
    languages.install(app)
    text.install(app)
    messages.install(app)
    words.install(app)
    sign_in.install(app)
    errors.install(app)
    navigation.install(app)
    phone.install(app)
    for area in AREAS:
        app.register_blueprint(area)
    return app
