"""How slides are laid out: one title each, texts that fit, tiles with their interval, pictures with words."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

INK, QUIET, BAND, GROUND = "17212B", "55626F", "E8EBEF", "FFFFFF"
TONES: Final = {"better": "005EB8", "worse": "B85C00", "neither": "55626F"}

# Inches of a wide slide.
WIDTH, HEIGHT, EDGE, TOP, FOOT = 13.333, 7.5, 0.6, 1.45, 6.95
_INNER: Final = WIDTH - 2 * EDGE
_TEXT_POINTS: Final = 18
_LETTERS: Final = 100  # of a line of that size
_LINES: Final = 17  # of a slide


class Deck:
    """Slides being made: one language, one footer that says where the numbers come from."""

    def __init__(self, language: str, title: str, author: str, footer: str, moment: datetime) -> None:
        import pptx
        from pptx.util import Inches

        self.language, self.footer = language, footer
        self.deck = pptx.Presentation()
        self.deck.slide_width, self.deck.slide_height = Inches(WIDTH), Inches(HEIGHT)
        properties = self.deck.core_properties
        properties.title, properties.author, properties.language = title, author, language
        properties.last_modified_by = author
        properties.created = properties.modified = moment.replace(tzinfo=None)

    def opening(self, title: str, question: str, heading: str, answer: Sequence[str]) -> None:
        """Add the first slide: what was asked, and what the data answer."""
        slide = self._slide(title)
        box = self._box(slide, EDGE, TOP, _INNER, FOOT - TOP - 0.3)
        self._line(box, question, 24, QUIET, first=True)
        self._line(box, heading, 16, QUIET, space=28)
        size = 28 if sum(map(len, answer)) < 260 else 20
        for sentence in answer:
            self._line(box, sentence, size, INK, bold=True, space=8)

    def tiles(self, title: str, tiles: Sequence[Mapping[str, Any]]) -> None:
        """Add a slide of tiles, side by side."""
        slide = self._slide(title)
        gap = 0.3
        width = (_INNER - gap * (len(tiles) - 1)) / len(tiles)
        for place, tile in enumerate(tiles):
            self._tile(slide, tile, EDGE + place * (width + gap), width)

    def picture(self, title: str, caption: str, content: bytes, alt: str, notes: str) -> None:
        """Add a slide of one picture, as large as it fits, its finding below and its numbers in the notes."""
        from pptx.util import Inches

        slide = self._slide(title)
        lines = math.ceil(len(caption) / _LETTERS)
        room = FOOT - TOP - 0.35 * lines - 0.15
        picture = slide.shapes.add_picture(io.BytesIO(content), 0, 0)
        ratio = picture.width / picture.height
        width = min(_INNER, room * ratio)
        picture.width, picture.height = Inches(width), Inches(width / ratio)
        picture.left, picture.top = Inches((WIDTH - width) / 2), Inches(TOP)
        picture._element.nvPicPr.cNvPr.set("descr", alt)
        box = self._box(slide, EDGE, TOP + width / ratio + 0.05, _INNER, 0.35 * lines + 0.1)
        self._line(box, caption, 16, INK, first=True)
        slide.notes_slide.notes_text_frame.text = notes

    def texts(self, title: str, texts: Sequence[tuple[str, str]]) -> None:
        """Add a slide of texts, some of them under a heading."""
        slide = self._slide(title)
        box = self._box(slide, EDGE, TOP, _INNER, FOOT - TOP)
        for place, (heading, text) in enumerate(texts):
            self._headed(box, heading, text, first=not place)

    def paged(self, texts: Sequence[tuple[str, str]]) -> list[list[tuple[str, str]]]:
        """Return the texts slide by slide."""
        pages: list[list[tuple[str, str]]] = [[]]
        taken = 0.0
        for heading, text in texts:
            lines = math.ceil((len(heading) + len(text) + 2) / _LETTERS) + 0.4
            if pages[-1] and taken + lines > _LINES:
                pages.append([])
                taken = 0.0
            pages[-1].append((heading, text))
            taken += lines
        return pages

    def content(self) -> bytes:
        """Return the file."""
        out = io.BytesIO()
        self.deck.save(out)
        return out.getvalue()

    def _slide(self, title: str) -> Any:
        from pptx.util import Inches

        slide = self.deck.slides.add_slide(self.deck.slide_layouts[5])
        shape = slide.shapes.title
        shape.left, shape.top = Inches(EDGE), Inches(0.4)
        shape.width, shape.height = Inches(_INNER), Inches(0.9)
        frame = shape.text_frame
        frame.word_wrap = True
        self._line(frame, title, 30 if len(title) <= 64 else 22, INK, bold=True, first=True)
        foot = self._box(slide, EDGE, FOOT, _INNER, 0.4)
        self._line(foot, self.footer, 9, QUIET, first=True)
        return slide

    def _box(self, slide: Any, left: float, top: float, width: float, height: float) -> Any:
        from pptx.util import Inches

        frame = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(width), Inches(height)).text_frame
        frame.word_wrap = True
        frame.margin_left = frame.margin_right = 0
        return frame

    def _line(
        self,
        frame: Any,
        text: str,
        points: float,
        colour: str,
        *,
        bold: bool = False,
        first: bool = False,
        space: float = 4,
    ) -> Any:
        """Write one paragraph, from the left."""
        from pptx.enum.text import PP_ALIGN
        from pptx.util import Pt

        paragraph = frame.paragraphs[0] if first else frame.add_paragraph()
        paragraph.alignment = PP_ALIGN.LEFT
        paragraph.space_before = Pt(0 if first else space)
        self._run(paragraph, text, points, colour, bold=bold)
        return paragraph

    def _run(self, paragraph: Any, text: str, points: float, colour: str, *, bold: bool) -> None:
        from pptx.dml.color import RGBColor
        from pptx.enum.lang import MSO_LANGUAGE_ID
        from pptx.util import Pt

        run = paragraph.add_run()
        run.text = text
        run.font.size, run.font.bold = Pt(points), bold
        run.font.color.rgb = RGBColor.from_string(colour)
        run.font.language_id = (
            MSO_LANGUAGE_ID.RUSSIAN if self.language == "ru" else MSO_LANGUAGE_ID.ENGLISH_UK
        )

    def _headed(self, frame: Any, heading: str, text: str, *, first: bool) -> None:
        head = f"{heading}: " if heading and text else heading
        paragraph = self._line(frame, head or text, _TEXT_POINTS, INK, bold=bool(head), first=first, space=8)
        if head and text:
            self._run(paragraph, text, _TEXT_POINTS, INK, bold=False)

    def _tile(self, slide: Any, tile: Mapping[str, Any], left: float, width: float) -> None:
        from pptx.enum.dml import MSO_LINE
        from pptx.util import Pt

        colour = TONES[tile["tone"]]
        card = self._rectangle(slide, left, TOP, width, FOOT - TOP - 0.25, GROUND)
        card.line.color.rgb, card.line.width = self._rgb(colour), Pt(2)
        if tile["dashed"]:
            card.line.dash_style = MSO_LINE.DASH
        inner, wide = left + 0.25, width - 0.5
        head = self._box(slide, inner, TOP + 0.15, wide, 1.3)
        self._line(head, tile["label"], 16, QUIET, first=True)
        self._line(head, tile["value"], 28 if len(tile["value"]) <= 16 else 22, INK, bold=True)
        if tile["bar"] is not None:
            self._bar(slide, tile["bar"], colour, inner, TOP + 1.75, wide)
        body = self._box(slide, inner, TOP + 2.1, wide, 2.6)
        self._line(body, tile["verdict"], 16, colour, bold=True, first=True)
        for line in tile["lines"]:
            self._line(body, line, 13, INK)

    def _bar(
        self, slide: Any, bar: Mapping[str, Any], colour: str, left: float, top: float, width: float
    ) -> None:
        """Draw the interval on a line with no effect and the effects too small to matter."""
        from pptx.enum.shapes import MSO_SHAPE
        from pptx.util import Inches

        if bar["band"] is not None:
            low, high = bar["band"]
            self._rectangle(slide, left + low * width, top - 0.14, (high - low) * width, 0.28, BAND)
        self._rectangle(slide, left + bar["zero"] * width - 0.01, top - 0.2, 0.02, 0.4, QUIET)
        interval = self._rectangle(
            slide, left + bar["low"] * width, top - 0.03, (bar["high"] - bar["low"]) * width, 0.06, colour
        )
        interval._element.nvSpPr.cNvPr.set("descr", bar["alt"])
        mark = slide.shapes.add_shape(
            MSO_SHAPE.DIAMOND,
            Inches(left + bar["estimate"] * width - 0.1),
            Inches(top - 0.1),
            Inches(0.2),
            Inches(0.2),
        )
        self._fill(mark, colour)

    def _rectangle(
        self, slide: Any, left: float, top: float, width: float, height: float, colour: str
    ) -> Any:
        from pptx.enum.shapes import MSO_SHAPE
        from pptx.util import Inches

        shape = slide.shapes.add_shape(
            MSO_SHAPE.RECTANGLE, Inches(left), Inches(top), Inches(max(width, 0.01)), Inches(height)
        )
        self._fill(shape, colour)
        return shape

    def _fill(self, shape: Any, colour: str) -> None:
        shape.fill.solid()
        shape.fill.fore_color.rgb = self._rgb(colour)
        shape.line.fill.background()
        shape.shadow.inherit = False

    @staticmethod
    def _rgb(colour: str) -> Any:
        from pptx.dml.color import RGBColor

        return RGBColor.from_string(colour)
