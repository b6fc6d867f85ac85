"""Charts as Vega-Lite documents made from a summary.

A chart carries its finding as a sentence, words for those who do not see it, and the same numbers as a table.
Its document names colours by their meaning ("@better"); a theme turns the names into colours, in `pictures`
for SVG and PNG and in `static/js/charts.js` for the live chart. Before is a grey circle, after a blue
diamond, the comparison group a hollow square.
"""

from pilot_eval.reports.charts.branches import MOST_NAMED, branch_finding, dumbbell, goodness
from pilot_eval.reports.charts.effects import IntervalBar, interval_bar, intervals
from pilot_eval.reports.charts.frame import Chart, Table
from pilot_eval.reports.charts.funnels import FunnelLimits, FunnelPoint, funnel, funnel_inputs
from pilot_eval.reports.charts.items import items
from pilot_eval.reports.charts.pictures import NARROW, THEMES, WIDE, Theme, png, svg, themed, vega_bundle
from pilot_eval.reports.charts.weeks import weeks

__all__ = [
    "MOST_NAMED",
    "NARROW",
    "THEMES",
    "WIDE",
    "Chart",
    "FunnelLimits",
    "FunnelPoint",
    "IntervalBar",
    "Table",
    "Theme",
    "branch_finding",
    "dumbbell",
    "funnel",
    "funnel_inputs",
    "goodness",
    "interval_bar",
    "intervals",
    "items",
    "png",
    "svg",
    "themed",
    "vega_bundle",
    "weeks",
]
