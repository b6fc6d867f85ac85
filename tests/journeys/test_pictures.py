"""A picture comes also where the browser draws nothing any more."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page

from pilot_eval.demo.fill import SLUG, sign_in_names
from pilot_eval.domain.people import Role
from tests.journeys import conftest
from tests.journeys.conftest import PHONE, Site, picture


@contextmanager
def drawing_nothing(browser: Browser) -> Iterator[None]:
    """The process of the browser that draws is held; its pages run on."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    (drawing,) = (process["id"] for process in processes if process["type"] == "GPU")
    os.kill(drawing, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(drawing, signal.SIGCONT)


def unlike(one: Path, other: Path) -> float:
    """How much of a picture differs from another, which has its size."""
    pictures = [Image.open(path).convert("L") for path in (one, other)]
    assert pictures[0].size == pictures[1].size
    apart = ImageChops.difference(*pictures).histogram()
    return sum(apart[16:]) / sum(apart)


def test_what_a_browser_does_not_draw_another_does(
    demo_on_sqlite: Site,
    read_by: Callable[..., Page],
    chromium: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = read_by(sign_in_names()[Role.HEAD_OFFICE], demo_on_sqlite, PHONE, scheme="dark")
    page.goto(f"/pilots/{SLUG}")
    drawn = picture(page, "drawn")
    monkeypatch.setattr(conftest, "PATIENCE", 5_000)
    with drawing_nothing(chromium):
        copy = picture(page, "drawn")
    assert copy != drawn
    assert unlike(drawn, copy) < 0.01


def test_charts_that_wait_for_a_frame_do_not_hold_up_the_picture(
    demo_on_sqlite: Site,
    read_by: Callable[..., Page],
    chromium: Browser,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = read_by(sign_in_names()[Role.HEAD_OFFICE], demo_on_sqlite)
    monkeypatch.setattr(conftest, "PATIENCE", 5_000)
    with drawing_nothing(chromium):
        page.goto(f"/pilots/{SLUG}")
        copy = picture(page, "waiting")
    assert copy.name == "waiting.copy.png"
