"""WSGI entry point: `gunicorn wsgi:app`, settings from PILOT_EVAL_*."""

from pilot_eval import create_app

app = create_app()
