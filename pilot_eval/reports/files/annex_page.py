"""What the annex says: sections of finished sentences, tables and pictures, for the template to lay out.

The order is that of SQUIRE 2.0 with the items of CONSORT for clusters. A section is a heading with blocks; a
block is a text, a list, pairs, a table or a picture. Every text is written here, in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pilot_eval.reports.files.annex_wording import HEADINGS, ROWS, SENTENCES
from pilot_eval.reports.files.board_chart import chart_of
from pilot_eval.reports.files.board_page import decision_lines, moment_of
from pilot_eval.reports.files.board_wording import SENTENCES as BOARD
from pilot_eval.reports.labels import label, label_or, say
from pilot_eval.reports.numbers import (
    MISSING,
    NBSP,
    date_text,
    interval,
    language_of,
    level_percent,
    moment_text,
    number,
    percent,
    pvalue_text,
)
from pilot_eval.reports.scales import position
from pilot_eval.reports.summaries import (
    Row,
    Summary,
    change_lines,
    estimate_text,
    headline,
    interval_text,
    interval_with_unit,
    is_withheld,
    level_of,
    primary_outcomes,
    verdict_tone,
    with_unit,
    words,
)
from pilot_eval.reports.words import LABELS
from pilot_eval.reports.words.definitions import DEFINITIONS
from pilot_eval.reports.words.health import LEVELS
from pilot_eval.reports.words.reviews import EXCLUDED_HEADING, HEADING

Block = dict[str, Any]

_ARMS: Final = ("trained", "comparison")
_ITEMS: Final = 12
_TO: Final = " → "


def page_of(document: Summary, language: str) -> dict[str, Any]:
    """Return everything the template shows."""
    writer = _Annex(document, language)
    moment = moment_of(document)
    product = f"{document['product']['name']} {document['product']['version']}"
    made_up = [label("made_up", language)] if document["pilot"]["made_up"] else []
    snapshot = document["snapshot"]
    footer = say(
        BOARD["footer"],
        language,
        product=product,
        as_of=moment_text(snapshot["as_of"], language),
        sha256=snapshot["sha256"][:16] + "…",
    )
    return {
        "lang": language_of(language),
        "author": product,
        "date": {
            part: getattr(moment, part) for part in ("year", "month", "day", "hour", "minute", "second")
        },
        "title": words(document["pilot"]["title"], language),
        "subtitle": say(HEADINGS["title"], language),
        "order": say(SENTENCES["order"], language),
        "notices": [*made_up, *writer.withheld()],
        "footer": " · ".join([*made_up, footer]),
        "sections": [
            {"title": f"{place}. {say(HEADINGS[name], language)}", "blocks": list(blocks)}
            for place, (name, blocks) in enumerate(writer.sections(), 1)
        ],
    }


class _Annex:
    """The sections of one annex in one language."""

    def __init__(self, document: Summary, language: str) -> None:
        self.document = document
        self.language = language
        self.pilot, self.plan = document["pilot"], document["plan"]
        self.alone = self.pilot["design"] == "before_after"
        self.arms = ("trained",) if self.alone else _ARMS

    def withheld(self) -> list[str]:
        """What is said while the results may not be seen."""
        hidden = self.document["headline_withheld"]
        return [] if hidden is None else [words(hidden["text"], self.language)]

    def sections(self) -> Iterator[tuple[str, Iterator[Block]]]:
        """Yield the sections in their order; without results only those that need none."""
        yield "plan", self.plan_section()
        yield "design", self.design()
        yield "flow", self.flow()
        if not is_withheld(self.document):
            yield "baseline", self.baseline()
            yield "results", self.results()
            yield "sensitivity", self.sensitivity()
            yield "heterogeneity", self.heterogeneity()
            yield "roll_out", self.roll_out()
            yield "items", self.items()
            yield "guardrails", self.guardrails()
        yield "quality", self.quality()
        yield "limits", self.limits()
        if self.document.get("decision"):
            lines = decision_lines(self.document, self.language)
            yield "decision", iter([{"kind": "list", "items": lines}])
        yield "definitions", self.definitions()
        yield "reproduction", self.reproduction()

    # Words and numbers --------------------------------------------------------------------------------------

    def say(self, key: str, **parts: str) -> str:
        return say(SENTENCES[key], self.language, **parts)

    def row(self, key: str) -> str:
        return say(ROWS[key], self.language)

    def number(self, value: float | None, digits: int = 0, *, sign: bool = False) -> str:
        return number(value, digits, self.language, sign=sign)

    def name(self, outcome: Row) -> str:
        return words(outcome["label"], self.language)

    def level(self, outcome: Row, value: float | None) -> str:
        return level_of(outcome["kind"], outcome["unit"], value, self.language)

    # Sections -----------------------------------------------------------------------------------------------

    def plan_section(self) -> Iterator[Block]:
        """Yield the question, and the plan with its time stamp, versions and changes."""
        yield {"kind": "text", "text": say(BOARD["question"], self.language)}
        plan, document = self.plan, self.plan.get("document", {})
        fewest = [
            self.say("none") if document.get(name) is None else self.number(document[name])
            for name in ("minimum_branches", "minimum_observations")
        ]
        looks = [percent(100 * share, 0, self.language) for share in document.get("looks", ())]
        version = plan.get("version")
        pairs = [
            *([(self.row("plan_state"), words(plan["text"], self.language))] if "text" in plan else []),
            (label("plan_frozen", self.language), moment_text(plan["frozen_at"], self.language)),
            (self.row("version"), MISSING if version is None else str(version)),
            (label("plan_hash", self.language), plan["sha256"]),
            (label("design", self.language), label(self.pilot["design"], self.language)),
            (label("weights", self.language), label(f"weights_{plan['weights']}", self.language)),
            (label("family_level", self.language), level_percent(plan["level"], self.language)),
            (label("level", self.language), level_percent(plan["interval_level"], self.language)),
            (self.row("looks"), ", ".join(looks) or self.say("none")),
            (self.row("minimum"), ", ".join(fewest)),
            (self.row("exclusions"), plan.get("exclusions") or self.say("none")),
        ]
        yield {"kind": "pairs", "rows": pairs}
        yield self.table(
            [self.row("outcome"), self.row("role"), self.row("smallest")],
            [
                [
                    self.name(outcome),
                    self.row("primary" if outcome["primary"] else "guardrail"),
                    self.smallest(outcome),
                ]
                for outcome in self.document["outcomes"]
            ],
        )
        changes = [words(change["text"], self.language) for change in plan.get("changes", ())]
        changes += [
            f"{words(field['label'], self.language)}: {words(field['before'], self.language)}{_TO}"
            f"{words(field['after'], self.language)}"
            for change in plan.get("changes", ())
            for field in change["fields"]
        ]
        if changes:
            yield {"kind": "list", "items": changes}

    def smallest(self, outcome: Row) -> str:
        """Return the smallest effect of interest in its unit."""
        if outcome["smallest_effect"] is None:
            return self.say("no_smallest")
        unit = {"duration": "speed_percent", "proportion": "percentage_points"}.get(outcome["kind"])
        return with_unit(outcome["smallest_effect"], unit or outcome["unit"], self.language)

    def design(self) -> Iterator[Block]:
        """Yield the time line, and how branches came into their arms."""
        spans = {name: self.span(name) for name in ("before", "training", "after")}
        if None in spans.values():
            yield {"kind": "text", "text": self.say("imported")}
        else:
            yield {
                "kind": "design",
                "caption": self.say("design_caption_alone" if self.alone else "design_caption"),
                "alt": self.say("design_alt", **{name: str(text) for name, text in spans.items()}),
                "steps": [
                    [label(key, self.language), spans[name]]
                    for key, name in (("before", "before"), ("during", "training"), ("after", "after"))
                ],
                "arms": [label(arm, self.language) for arm in self.arms],
            }
        allocation = self.pilot["allocation"]
        pairs = [(label("allocation", self.language), label(allocation["method"], self.language))]
        if allocation["seed"] is not None:
            pairs.append((label("allocation_seed", self.language), str(allocation["seed"])))
            pairs.append(
                (label("drawn_at", self.language), moment_text(allocation["drawn_at"], self.language))
            )
        if allocation["strata"]:
            pairs.append((label("strata", self.language), ", ".join(allocation["strata"])))
        yield {"kind": "pairs", "rows": pairs}

    def span(self, name: str) -> str | None:
        """Return the dates of a period."""
        ends = self.pilot["dates"][name]
        if ends is None:
            return None
        return f"{date_text(ends[0], self.language)} – {date_text(ends[1], self.language)}"

    def flow(self) -> Iterator[Block]:
        """Yield the way of branches from invitation to analysis."""
        flow = self.document["flow"]
        names = ("invited",) if is_withheld(self.document) else ("invited", "both_periods", "analysed")
        steps = [
            {
                "label": label(name, self.language),
                "counts": [
                    f"{label(arm, self.language)}: {self.number(flow[name][arm])}" for arm in self.arms
                ],
            }
            for name in names
        ]
        told = "; ".join(f"{step['label']}: {', '.join(step['counts'])}" for step in steps)
        total = {name: sum(flow[name][arm] for arm in self.arms) for name in names}
        caption = self.say("flow_withheld")
        if not is_withheld(self.document):
            caption = self.say(
                "flow_caption",
                analysed=self.number(total["analysed"]),
                invited=self.number(total["invited"]),
            )
        yield {
            "kind": "flow",
            "caption": caption,
            "alt": self.say("flow_alt", steps=told),
            "steps": steps,
        }

    def baseline(self) -> Iterator[Block]:
        """Yield the level of both arms before the training, and how far they were apart."""
        rows = []
        for outcome in self.evaluated():
            means, counts = outcome["evaluation"]["means"], self.counts(outcome, "before")
            cells = [self.name(outcome)]
            for arm in self.arms:
                cells.append(self.level(outcome, means[arm]["before"] if means[arm] else None))
                cells.append(self.rows_of(counts[arm]))
            rows.append(cells)
        header = [self.row("outcome")]
        for arm in self.arms:
            header += [label(arm, self.language), self.row(f"n_{arm}")]
        yield self.table(header, rows, numbers=True)
        yield {"kind": "note", "text": self.say("baseline_note")}
        found = [row for row in self.document.get("health", ()) if row["code"] == "baseline_difference"]
        if found:
            yield {"kind": "list", "items": [words(row["text"], self.language) for row in found]}

    def counts(self, outcome: Row, period: str) -> dict[str, tuple[int, int]]:
        """Return by arm how many branches have records of a period, and how many records."""
        found = {}
        for arm in self.arms:
            cells = [
                branch["outcomes"][outcome["code"]][period]
                for branch in self.document["branches"]
                if branch["arm"] == arm and outcome["code"] in branch["outcomes"]
            ]
            there = [cell["n"] for cell in cells if cell]
            found[arm] = (len(there), sum(there))
        return found

    def rows_of(self, counted: tuple[int, int]) -> str:
        """Write branches and records: "24 / 255"."""
        return f"{self.number(counted[0])}{NBSP}/{NBSP}{self.number(counted[1])}"

    def results(self) -> Iterator[Block]:
        """Yield every number of the primary outcomes, one column each, and the chart of branches."""
        shown = [outcome for outcome in primary_outcomes(self.document) if outcome["evaluation"]]
        yield from self.result_tables(shown)
        yield {"kind": "note", "text": self.say("unit_note")}
        if any(outcome["kind"] == "duration" for outcome in shown):
            yield {"kind": "note", "text": self.say("log_note")}
        if self.plan["family_size"] > 1:
            note = self.say(
                "family_note",
                count=self.number(self.plan["family_size"]),
                level=level_percent(self.plan["interval_level"], self.language),
                together=level_percent(self.plan["level"], self.language),
            )
            yield {"kind": "note", "text": note}
        chart = chart_of(self.document, language_of(self.language))
        if chart is not None:
            yield {"kind": "chart", "chart": {**chart, "height": 60}}

    def result_tables(self, outcomes: Sequence[Row]) -> Iterator[Block]:
        """Yield a table of results, three outcomes side by side."""
        for start in range(0, len(outcomes), 3):
            shown = outcomes[start : start + 3]
            columns = [self.result(outcome) for outcome in shown]
            names = [name for name in columns[0] if any(column[name] != MISSING for column in columns)]
            yield self.table(
                ["", *map(self.name, shown)],
                [[self.row(name), *(column[name] for column in columns)] for name in names],
            )

    def result(self, outcome: Row) -> dict[str, str]:
        """Return the numbers of one outcome by the name of their row."""
        evaluation, found = outcome["evaluation"], headline(outcome)
        effect, uplift = evaluation["effect"] or {}, evaluation["uplift"] or {}
        told = dict.fromkeys(
            ("trained_means", "comparison_means", "absolute", "interval", "relative", "relative_interval"),
            MISSING,
        )
        for arm in self.arms:
            means = evaluation["means"][arm]
            if means:
                told[f"{arm}_means"] = _TO.join(
                    self.level(outcome, means[period]) for period in ("before", "after")
                )
        if found is not None:
            told["absolute"] = estimate_text(found, self.language)
            told["interval"] = (
                f"{interval_text(found, self.language)} ({level_percent(found.level, self.language)})"
            )
        if evaluation.get("speed"):
            taken = percent(evaluation["speed"]["time_percent"], 1, self.language, sign=True)
            told["relative"] = say(BOARD["time"], self.language, time=taken)
        elif outcome["kind"] != "duration" and uplift.get("estimate") is not None:
            told["relative"] = percent(uplift["estimate"], 1, self.language, sign=True)
            low, high = uplift["confidence_interval"]
            told["relative_interval"] = interval(low, high, 1, self.language, sign=True, unit="percent")
        told["estimate"] = self.number(effect.get("estimate"), 4, sign=True)
        error = self.number(effect.get("standard_error"), 4)
        told["error"] = f"{error} ({self.number(effect['df'], 1)})" if effect.get("df") else error
        told["pvalue"] = pvalue_text(effect.get("pvalue"), self.language)
        told["adjusted"] = pvalue_text(outcome["pvalue_holm"], self.language)
        branches = evaluation["branches"]
        told["branches"] = " + ".join(self.number(branches[arm]) for arm in self.arms)
        told["records"] = self.number(evaluation["input"]["rows_used"])
        told["icc"] = self.number(evaluation.get("variance", {}).get("icc"), 3)
        methods = [effect["method"]] if effect else []
        methods += [result["method"] for result in evaluation["robustness"]]
        told["method"] = "; ".join(f"{label_or(method, self.language)}" for method in methods) or MISSING
        told["verdict"] = words(evaluation["verdict"], self.language)
        return told

    def sensitivity(self) -> Iterator[Block]:
        """Yield the planned answer among all that would have been defensible."""
        told = False
        for outcome in primary_outcomes(self.document):
            part = (outcome["evaluation"] or {}).get("sensitivity")
            if part is None:
                continue
            told = True
            if "not_estimable" in part:
                why = words(part["not_estimable"]["text"], self.language)
                yield {"kind": "text", "text": f"{self.name(outcome)}: {why}."}
                continue
            yield from self.specifications(outcome, part)
        if not told:
            yield {"kind": "text", "text": self.say("not_here")}
        counted = self.document.get("review", {}).get("all_counted", ())
        if counted:
            yield {"kind": "strong", "text": getattr(EXCLUDED_HEADING, self.language)}
            yield {"kind": "list", "items": [words(row["text"], self.language) for row in counted]}

    def specifications(self, outcome: Row, part: Row) -> Iterator[Block]:
        """Yield one outcome's other calculations: a picture with its numbers, and what could not be done."""
        rows = part["specifications"]
        # A change in another unit has its number, and no place on this axis.
        alike = [row["change"] for row in rows if row["change"]["unit"] == rows[0]["change"]["unit"]]
        ends = [end for change in alike for end in change["confidence_interval"] if end is not None]
        ends += [change["estimate"] for change in alike if change["estimate"] is not None]
        low, high = min([0.0, *ends]), max([0.0, *ends])
        agreement = part["agreement"]
        same = self.say(
            "specified",
            same=self.number(agreement["same_verdict"]),
            others=self.number(agreement["others"]),
        )
        caption = self.say("sensitivity_caption", outcome=self.name(outcome), same=same)
        yield {
            "kind": "forest",
            "caption": caption,
            "alt": f"{caption} {'; '.join(self.told_change(row) for row in rows)}.",
            "zero": position(0.0, low, high),
            "header": [
                self.row("calculation"),
                self.row("change"),
                "",
                self.row("pvalue"),
                label("n", self.language),
                self.row("same"),
            ],
            "rows": [
                self.forest_row(row, low, high, verdict_tone(outcome), drawn=row["change"] in alike)
                for row in rows
            ],
        }
        alone = part.get("leave_one_out", {}).get("branches") or []
        found = [row["estimate"] for row in alone if row.get("estimate") is not None]
        if found:
            ends_of = {
                "low": self.number(min(found), 3, sign=True),
                "high": self.number(max(found), 3, sign=True),
            }
            yield {"kind": "text", "text": self.say("leave_one", **ends_of)}
        left = [words(row["label"], self.language) for row in part["not_computed"]]
        if left:
            yield {"kind": "note", "text": self.say("not_computed", names="; ".join(left))}

    def forest_row(self, row: Row, low: float, high: float, tone: str, *, drawn: bool) -> dict[str, Any]:
        """Return one calculation: its words, and the places of its interval where it is drawn."""
        estimate, (first, last) = row["change"]["estimate"], row["change"]["confidence_interval"]
        reach: dict[str, float | None] = {"low": None, "high": None}
        if not drawn:
            estimate = None
        else:
            reach = {
                "low": position(first, low, high) if first is not None else 0.0,
                "high": position(last, low, high) if last is not None else 1.0,
            }
        return {
            "label": words(row["label"], self.language),
            "value": self.told_change(row, named=False),
            **reach,
            "estimate": position(estimate, low, high) if estimate is not None else None,
            "p": pvalue_text(row["effect"]["pvalue"], self.language),
            "n": self.number(row["branches"]),
            "same": label("yes" if row["same_verdict"] else "no", self.language),
            "tone": tone if row["same_verdict"] else "neither",
        }

    def told_change(self, row: Row, *, named: bool = True) -> str:
        """Write the change of one calculation with its interval."""
        change = row["change"]
        low, high = change["confidence_interval"]
        text = with_unit(change["estimate"], change["unit"], self.language, sign=True)
        reach = interval_with_unit(low, high, change["unit"], self.language)
        told = f"{text} ({reach})"
        return f"{words(row['label'], self.language)}: {told}" if named else told

    def heterogeneity(self) -> Iterator[Block]:
        """Yield how far the changes of branches differ beyond chance."""
        lines = []
        for outcome in primary_outcomes(self.document):
            part = (outcome["evaluation"] or {}).get("ranking")
            if part is None:
                continue
            if "not_estimable" in part:
                lines.append(f"{self.name(outcome)}: {words(part['not_estimable']['text'], self.language)}.")
                continue
            lines += [
                f"{self.name(outcome)}. {self.spread(part, arm)}" for arm in _ARMS if part["arms"].get(arm)
            ]
        if not lines:
            yield {"kind": "text", "text": self.say("not_here")}
            return
        yield {"kind": "list", "items": lines}

    def spread(self, part: Row, arm: str) -> str:
        """Write the spread of an arm's changes, in the unit of the analysis."""
        found = part["arms"][arm]
        tau = found["tau_squared"]
        unit = part["unit"] if part["scale"] == "difference" else ""
        digits = 2 if part["scale"] == "difference" else 3
        written = self.number(None if tau is None else tau**0.5, digits)
        return self.say(
            "spread",
            arm=label(arm, self.language),
            n=self.number(found["n"]),
            tau=with_unit(tau**0.5, unit, self.language, digits=1) if unit and tau is not None else written,
            share=percent(found["i_squared_percent"], 0, self.language),
        )

    def roll_out(self) -> Iterator[Block]:
        """Yield what a new branch and the network may expect, with what that takes for granted."""
        assumed: list[str] = []
        for outcome in primary_outcomes(self.document):
            part = (outcome["evaluation"] or {}).get("roll_out")
            if part is None:
                continue
            if "not_estimable" in part:
                why = words(part["not_estimable"]["text"], self.language)
                yield {"kind": "text", "text": f"{self.name(outcome)}: {why}."}
                continue
            yield {"kind": "strong", "text": self.name(outcome)}
            told = [words(sentence, self.language) for sentence in part["sentences"]]
            told += [row["text" if self.language == "en" else "ru"] for row in part["warnings"]]
            yield {"kind": "list", "items": told}
            assumed = [words(sentence, self.language) for sentence in part["assumptions"]]
        if assumed:
            yield {"kind": "text", "text": getattr(LABELS["roll_out_assumed"], self.language) + ":"}
            yield {"kind": "list", "items": assumed}
        else:
            sentence = say(BOARD["no_transfer"], self.language)
            yield {"kind": "text", "text": sentence[:1].upper() + sentence[1:]}

    def items(self) -> Iterator[Block]:
        """Yield the items of the checklist that moved most."""
        part = self.document.get("items")
        if not part or not any(item["effect"] for item in part["items"]):
            yield {"kind": "text", "text": self.say("no_items")}
            return
        moved = self.number(len(part["moved"]))
        yield {
            "kind": "text",
            "text": self.say("items_found", moved=moved, all=self.number(len(part["items"]))),
        }
        found = [item for item in part["items"] if item["effect"]]
        found.sort(key=lambda item: (not item["moved"], -abs(item["effect"]["estimate"])))
        header = [self.row("item"), *(label(arm, self.language) for arm in self.arms)]
        header += [self.row("effect_points"), self.row("p_adjusted")]
        rows = [self.item_cells(item) for item in found[:_ITEMS]]
        yield self.table(header, rows, numbers=True)

    def item_cells(self, item: Row) -> list[str]:
        """Return the cells of one item."""
        effect = item["effect"]
        low, high = effect["confidence_interval"]
        reach = interval(low, high, 0, self.language, sign=True)
        return [
            f"{item['code']}. {words(item['label'], self.language)}",
            *(self.shares(item[arm]) for arm in self.arms),
            f"{self.number(effect['estimate'], 0, sign=True)} ({reach})",
            pvalue_text(effect["pvalue_adjusted"], self.language),
        ]

    def shares(self, arm: Mapping[str, Any]) -> str:
        """Write how often an item was fulfilled before and after, with the visits behind."""
        cells = [arm[period] for period in ("before", "after")]
        told = _TO.join(percent(cell["share"] if cell else None, 0, self.language) for cell in cells)
        return f"{told} (n = {', '.join(self.number(cell['n'] if cell else None) for cell in cells)})"

    def guardrails(self) -> Iterator[Block]:
        """Yield the outcomes that are not primary, with every number too."""
        others = [o for o in self.document["outcomes"] if not o["primary"] and o["evaluation"]]
        if not others:
            yield {"kind": "text", "text": self.say("no_guardrails")}
            return
        yield from self.result_tables(others)

    def quality(self) -> Iterator[Block]:
        """Yield what the checks of the data found."""
        rows = [
            [
                words(row["title"], self.language),
                getattr(LEVELS[row["level"]], self.language),
                words(row["text"], self.language),
            ]
            for row in self.document.get("health", ())
        ]
        if not rows:
            yield {"kind": "text", "text": self.say("not_here")}
            return
        yield self.table([self.row("check"), "", self.row("finding")], rows)
        changes = self.document.get("review", {}).get("changes", ())
        if changes:
            yield {"kind": "strong", "text": getattr(HEADING, self.language)}
            yield {"kind": "list", "items": change_lines(self.document, self.language)}

    def limits(self) -> Iterator[Block]:
        """Yield what the results do not tell, and what was looked for that could mislead."""
        limits = [words(limit["text"], self.language) for limit in self.document["limits"]]
        yield {"kind": "list", "items": limits or [say(BOARD["no_limits"], self.language)]}
        threats: dict[str, None] = {}
        for outcome in primary_outcomes(self.document):
            for threat in ((outcome["evaluation"] or {}).get("threats") or {}).get("threats", ()):
                if threat["severity"] in {"look", "serious"}:
                    threats[f"{self.name(outcome)}. {words(threat['text'], self.language)}"] = None
        if threats:
            yield {"kind": "strong", "text": self.say("checks")}
            yield {"kind": "list", "items": list(threats)}

    def definitions(self) -> Iterator[Block]:
        """Yield the words of results."""
        rows = [
            (getattr(word.term, self.language), getattr(word.meaning, self.language)) for word in DEFINITIONS
        ]
        yield {"kind": "pairs", "rows": rows}

    def reproduction(self) -> Iterator[Block]:
        """Yield versions, seeds, hashes and commands."""
        document, plan = self.document, self.plan
        slug = self.pilot["slug"]
        yield {
            "kind": "pairs",
            "rows": [
                (
                    label("version", self.language),
                    f"{document['product']['name']} {document['product']['version']}",
                ),
                (label("as_of", self.language), moment_text(document["snapshot"]["as_of"], self.language)),
                (label("snapshot_hash", self.language), document["snapshot"]["sha256"]),
                (label("plan_hash", self.language), plan["sha256"]),
                (label("seed", self.language), str(plan["seed"])),
                (label("draws", self.language), self.number(plan["draws"])),
                *(
                    (label(kind, self.language), self.number(count))
                    for kind, count in document["snapshot"]["rows"].items()
                    if count
                ),
            ],
        }
        if is_withheld(document):
            return
        yield {"kind": "text", "text": self.say("reproduce")}
        commands = [
            f"pilot-eval export {slug} --format bundle -o {slug}.zip",
            f"pilot-eval verify {slug}.zip",
        ]
        yield {"kind": "code", "lines": commands}

    # Blocks -------------------------------------------------------------------------------------------------

    def evaluated(self) -> list[Row]:
        """Return the outcomes that have an evaluation."""
        return [outcome for outcome in self.document["outcomes"] if outcome["evaluation"]]

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: bool = False) -> Block:
        """Return a table; with `numbers` all columns but the first are set to the right."""
        return {
            "kind": "table",
            "header": list(header),
            "rows": [list(row) for row in rows],
            "numbers": numbers,
        }
