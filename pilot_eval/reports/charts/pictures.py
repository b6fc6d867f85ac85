"""The pictures of charts: colours for their names, SVG and PNG, and the script that draws live charts."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Literal

import vl_convert

Theme = Literal["light", "dark"]
Spec = dict[str, Any]

# The colours of static/css/app.css and static/css/charts.css.
THEMES: Final[Mapping[Theme, Mapping[str, str]]] = {
    "light": {
        "@ink": "#17212b",
        "@quiet": "#55626f",
        "@grid": "#d9dee3",
        "@ground": "#ffffff",
        "@band": "#e8ebef",
        "@before": "#7a7a7a",
        "@hollow": "#404040",
        "@better": "#005eb8",
        "@worse": "#b85c00",
        "@neither": "#6f7c88",
    },
    "dark": {
        "@ink": "#e8edf2",
        "@quiet": "#a9b4bf",
        "@grid": "#313d49",
        "@ground": "#11181f",
        "@band": "#26323d",
        "@before": "#a6a6a6",
        "@hollow": "#d5d9de",
        "@better": "#6cb4ff",
        "@worse": "#ffab5c",
        "@neither": "#8795a3",
    },
}
# Pixels of a picture: on a page and on a phone. The live chart takes the width of its place.
WIDE: Final = 720
NARROW: Final = 360
PANEL_MARGIN: Final = 16

_EXPORTS: Final = "window.vegaEmbed = vegaEmbed;"


def themed(spec: Spec, theme: Theme) -> Spec:
    """Return the document with its colour names turned into the colours of a theme."""
    palette = THEMES[theme]

    def resolve(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: value if key == "usermeta" else resolve(value) for key, value in part.items()}
        if isinstance(part, list):
            return [resolve(item) for item in part]
        return palette.get(part, part) if isinstance(part, str) else part

    resolved: Spec = resolve(spec)
    return resolved


def sized(spec: Spec, width: int) -> Spec:
    """Return the document with the width of its picture in pixels; a narrow one has shorter names."""
    fixed: Spec = {**spec, "config": {**spec["config"], "axisY": {"labelLimit": width // 3}}}
    if width < WIDE:
        fixed["config"]["axisY"] = {"labelLimit": width // 2, "labelFontSize": 10}
        stacked = {"columns": 1, "layout": {"top": {"direction": "vertical", "anchor": "start"}}}
        fixed["config"]["legend"] = {**spec["config"]["legend"], **stacked}
    if spec.get("width") == "container":
        fixed["width"] = width
    if "vconcat" in spec:
        fixed["vconcat"] = [{**panel, "width": width - 2 * PANEL_MARGIN} for panel in spec["vconcat"]]
    return fixed


def svg(spec: Spec, theme: Theme, folder: Path | None = None, width: int = WIDE) -> str:
    """Return the picture of a chart as SVG, drawn once per document, theme and width.

    Parameters
    ----------
    spec : dict
        The `spec` of a `Chart`.
    theme : {"light", "dark"}
    folder : Path, optional
        Where pictures are kept between runs; files appear whole or not at all.
    width : int
        In pixels: `WIDE`, or `NARROW` for a phone.
    """
    canonical = json.dumps(spec, ensure_ascii=False, sort_keys=True, allow_nan=False)
    return _svg(canonical, theme, folder, width)


def png(spec: Spec, theme: Theme, folder: Path | None = None) -> bytes:
    """Return the picture of a chart as PNG, twice its size, on the theme's ground."""
    opaque = {**spec, "background": "@ground"}
    return bytes(vl_convert.svg_to_png(svg(opaque, theme, folder), scale=2))


def vega_bundle(folder: Path) -> Path:
    """Return the file with the script that draws live charts, writing it on first use (about two seconds).

    Its name holds the versions of what is inside, so that it may be cached for ever.
    """
    versions = (
        vl_convert.get_vega_version(),
        vl_convert.get_vegalite_versions()[-1],
        vl_convert.get_vega_embed_version(),
    )
    path = folder / f"vega-{'-'.join(versions)}.js"
    if not path.exists():
        _write_whole(path, vl_convert.javascript_bundle(_EXPORTS))
    return path


@lru_cache(maxsize=256)
def _svg(canonical: str, theme: Theme, folder: Path | None, width: int) -> str:
    if folder is None:
        return _draw(canonical, theme, width)
    key = f"{canonical}\n{theme}\n{json.dumps(THEMES[theme])}\n{width}\n{version('vl-convert-python')}"
    path = folder / f"{hashlib.sha256(key.encode()).hexdigest()}.svg"
    if not path.exists():
        _write_whole(path, _draw(canonical, theme, width))
    return path.read_text(encoding="utf-8")


def _draw(canonical: str, theme: Theme, width: int) -> str:
    spec = sized(themed(json.loads(canonical), theme), width)
    return str(vl_convert.vegalite_to_svg(spec, allowed_base_urls=[]))


def _write_whole(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, delete=False) as file:
        file.write(text)
    os.chmod(file.name, 0o644)
    os.replace(file.name, path)
