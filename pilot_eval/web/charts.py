"""Charts as pictures, as documents for the live chart, and as files."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, request, send_file, url_for
from flask.typing import ResponseReturnValue

from pilot_eval.operations.branch_comparison import Filters
from pilot_eval.operations.pilot_charts import ChartOf, find_chart
from pilot_eval.reports.charts import NARROW, WIDE, Chart, Theme, png, svg, vega_bundle
from pilot_eval.reports.files.tables import neutral_text
from pilot_eval.reports.sentences import Sentence
from pilot_eval.web.languages import language
from pilot_eval.web.sessions import actor, clock, session

charts = Blueprint("charts", __name__)


def chart_urls(slug: str, name: str, **of: str) -> dict[str, str]:
    """Addresses of a pilot's chart.

    Parameters
    ----------
    of : str
        Which branches it is of, where not all: `region`, `arm`, `q`, or one `branch`.
    """
    chosen: dict[str, Any] = {key: value for key, value in of.items() if value}
    return addresses("charts.picture", slug=slug, name=name, **chosen)


def addresses(endpoint: str, **values: Any) -> dict[str, str]:
    """Addresses of a chart: pictures in both colour schemes and widths, the live chart, downloads."""

    def address(kind: str, **more: Any) -> str:
        return url_for(endpoint, kind=kind, **values, **more)

    return {
        "light": address("svg", theme="light"),
        "dark": address("svg", theme="dark"),
        "narrow_light": address("svg", theme="light", narrow="1"),
        "narrow_dark": address("svg", theme="dark", narrow="1"),
        "spec": address("json"),
        "bundle": url_for("charts.bundle"),
        "svg": address("svg", theme="light"),
        "png": address("png"),
        "csv": address("csv"),
    }


def pictures() -> Path:
    """Where drawn charts are kept."""
    folder: Path = current_app.extensions["settings"].data / "charts"
    return folder


@charts.get("/pilots/<slug>/charts/<name>.<any(svg, png, json, csv):kind>")
def picture(slug: str, name: str, kind: str) -> ResponseReturnValue:
    """A chart of a pilot, in the reader's language."""
    given = request.args
    of = ChartOf(
        Filters(region=given.get("region", ""), arm=given.get("arm", ""), search=given.get("q", "")),
        branch=given.get("branch", ""),
    )
    chart = find_chart(session(), actor(), slug, name, of, language(), clock())
    if isinstance(chart, Sentence):
        abort(404)
    return chart_file(chart, kind, f"{slug}-{name}")


def chart_file(chart: Chart, kind: str, stem: str) -> Response:
    """A chart as svg, png, csv or the document of the live chart; `stem` begins the name of a download."""
    if kind == "json":
        return jsonify(chart.spec)
    if kind == "csv":
        return _download(_csv(chart), "text/csv; charset=utf-8", f"{stem}.csv")
    theme: Theme = "dark" if request.args.get("theme") == "dark" else "light"
    if kind == "png":
        return _download(png(chart.spec, theme, pictures()), "image/png", f"{stem}.png")
    width = NARROW if request.args.get("narrow") else WIDE
    return Response(svg(chart.spec, theme, pictures(), width), mimetype="image/svg+xml")


@charts.get("/charts/vega.js")
def bundle() -> ResponseReturnValue:
    """The script that draws live charts."""
    answer = send_file(vega_bundle(pictures()), mimetype="text/javascript", max_age=86_400)
    answer.headers["Cache-Control"] = "private, max-age=86400"
    return answer


def _csv(chart: Chart) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";" if language() == "ru" else ",")
    writer.writerows([neutral_text(cell) for cell in row] for row in (chart.table.header, *chart.table.rows))
    return text.getvalue().encode("utf-8-sig")


def _download(content: bytes, media_type: str, name: str) -> Response:
    answer = Response(content, content_type=media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer
