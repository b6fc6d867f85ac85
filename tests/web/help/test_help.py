"""Help is there in both languages, open to all, and says nothing that is not so."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from pilot_eval import evaluate
from pilot_eval.assets import folder
from pilot_eval.demo.fill import SLUG
from pilot_eval.operations.summaries import summarise
from pilot_eval.records import database
from pilot_eval.records.base import now
from pilot_eval.reports.tiles import tiles
from pilot_eval.reports.wording import HEADLINES
from pilot_eval.web.help.pages import INDEX, PAGES
from tests.conftest import OPERATOR
from tests.web.reading import Page

LANGUAGES = ("en", "ru")
ADDRESSES = ("/help", *(f"/help/{page}" for page in PAGES))


def page_at(client: Any, address: str, language: str) -> Page:
    """A page as a visitor gets it who reads this language."""
    answer = client.get(address, headers={"Accept-Language": language})
    assert answer.status_code == 200, address
    return Page(answer.text)


def test_every_text_is_a_page_and_every_page_has_its_texts() -> None:
    for language in LANGUAGES:
        texts = {path.stem for path in (folder("templates") / "help" / language).glob("*.html")}
        assert texts == {INDEX, *PAGES}


def test_both_languages_have_the_same_parts(client: Any) -> None:
    for address in ADDRESSES:
        english, russian = (page_at(client, address, language) for language in LANGUAGES)
        assert english.headings == russian.headings, address
        assert sorted(english.links) == sorted(russian.links), address
        assert sorted(english.codes) == sorted(russian.codes), address


def test_there_is_no_otherpage_at(client: Any) -> None:
    assert client.get("/help/nothing").status_code == 404
    assert client.get("/help/..%2fen%2findex").status_code == 404


def test_help_is_at_the_foot_of_everypage_at(client: Any) -> None:
    assert "/help" in page_at(client, "/sign-in", "en").links


def test_every_link_leads_somewhere(client: Any) -> None:
    links = {
        (link, address, language)
        for address in ADDRESSES
        for language in LANGUAGES
        for link in page_at(client, address, language).links
    }
    for link, address, language in links:
        parts = urlsplit(link)
        assert not parts.netloc, f"help leads away from the site: {link}"
        target = client.get(parts.path or address, headers={"Accept-Language": language})
        assert target.status_code in {200, 302}, f"{address}: {link}"
        if parts.fragment:
            assert parts.fragment in Page(target.text).ids, f"{address}: {link}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_example_file_gives_the_answer_that_stands_under_it(
    client: Any, language: str, tmp_path: Path
) -> None:
    page = page_at(client, "/help/files", language)
    (example,) = [code for code in page.codes if code.startswith("branch,")]
    file = tmp_path / "example.csv"
    file.write_text(example)
    headline = evaluate(str(file), outcome="score").to_text(language).splitlines()[0].rstrip(".")
    said = " ".join(" ".join(page.texts).split())
    assert " ".join(headline.split()) in said


def test_the_verdicts_are_explained_in_their_own_words(client: Any) -> None:
    for language in LANGUAGES:
        said = " ".join(page_at(client, "/help/reading-results", language).texts)
        for key, sentence in HEADLINES.items():
            assert getattr(sentence, language).split(":")[0] in said, key


MOST_BYTES = 60_000  # of a picture


def test_every_picture_is_there_small_and_told_in_words(client: Any) -> None:
    shown = {language: set() for language in LANGUAGES}
    for language in LANGUAGES:
        for address in ADDRESSES:
            text = client.get(address, headers={"Accept-Language": language}).text
            for name, words in re.findall(r'src="/static/(help/[^"]+)" alt="([^"]*)"', text):
                assert name.startswith(f"help/{language}/"), address
                assert len(words) > 20, f"{address}: {name}"
                assert (folder("static") / name).stat().st_size < MOST_BYTES, name
                shown[language].add(name.rpartition("/")[2])
    assert shown["en"] == shown["ru"]
    for language in LANGUAGES:
        kept = {path.name for path in (folder("static") / "help" / language).iterdir()}
        assert kept == shown[language], "a picture that no page of help shows"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_story_tells_the_numbers_of_the_demonstration(client: Any, demo_url: str, language: str) -> None:
    engine = database.open_database(demo_url)
    with database.session_of(engine) as session:
        summary = summarise(session, OPERATOR, SLUG, now())
    engine.dispose()
    said = " ".join(" ".join(page_at(client, "/help/story", language).texts).split())
    for tile, outcome in zip(tiles(summary, language), summary["outcomes"], strict=True):
        low, high = (part for part in re.findall(r"[+\u2212][0-9.,]+", tile.interval))
        numbers = [low, high]
        if outcome["primary"]:
            assert tile.verdict.split(":")[0] in said
            numbers.append(re.findall(r"[0-9.,]+", tile.value)[0])
        for number in numbers:
            assert number in said, f"{tile.title}: {number}"
    before, after = re.findall(r"[0-9]+[.,][0-9]", " ".join(tiles(summary, language)[0].means[0][1:]))
    assert before in said
    assert after in said
    for number in (summary["flow"]["invited"]["comparison"], summary["snapshot"]["rows"]["visits"]):
        assert re.search(rf"\b{number}\b", said)
