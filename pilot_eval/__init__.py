"""Field recording and honest evaluation of branch training pilots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["__version__", "create_app", "evaluate", "plan"]

if TYPE_CHECKING:
    from pilot_eval.operations.evaluation import evaluate
    from pilot_eval.operations.sizing import plan
    from pilot_eval.web.app import create_app

# Loaded on first use, so that `import pilot_eval` loads neither Flask nor a database.
_LAZY = {
    "evaluate": "pilot_eval.operations.evaluation",
    "plan": "pilot_eval.operations.sizing",
    "create_app": "pilot_eval.web.app",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
