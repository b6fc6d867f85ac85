"""The queue of long work, as pages reach it."""

from __future__ import annotations

from flask import current_app

from pilot_eval.jobs import Background


def background() -> Background:
    """The queue of this installation, opened when it is first needed."""
    extensions = current_app.extensions
    if "background" not in extensions:
        extensions["background"] = Background(extensions["settings"])
    kept: Background = extensions["background"]
    return kept
