"""Every text that a page can show has its Russian, compiled and with the same places in it."""

import ast
import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.checkers import num_plurals, python_format

from tests import catalogue

PLURAL_FORMS = 3  # of Russian in gettext: one, few, many


@pytest.fixture(scope="module")
def extracted() -> Catalog:
    return catalogue.extracted()


@pytest.fixture(scope="module")
def russian() -> Catalog:
    return catalogue.russian()


def _texts(given: Catalog) -> dict[object, Message]:
    return {message.id: message for message in given if message.id}


def test_no_text_lacks_its_russian(extracted: Catalog, russian: Catalog) -> None:
    there = _texts(russian)
    lacking = [text for text in _texts(extracted) if text not in there]
    assert not lacking, "run `make catalogue`, then give these their Russian"
    assert not catalogue.untranslated(russian)


def test_a_new_text_in_code_or_template_would_be_noticed(tmp_path, russian: Catalog) -> None:
    (tmp_path / "pilot_eval").mkdir()
    (tmp_path / "templates").mkdir()
    (tmp_path / "pilot_eval" / "page.py").write_text(
        'title = gettext("A title that nobody has translated")\n'
        'Problem("name", "A refusal that nobody has translated")\n'
        'Message("A message that nobody has translated: %(value)s", value=1)\n'
    )
    (tmp_path / "templates" / "page.html").write_text("{{ _('A label that nobody has translated') }}")
    lacking = _texts(catalogue.extracted(tmp_path)).keys() - _texts(russian).keys()
    assert len(lacking) == 4


def _put_together(root: Path) -> list[str]:
    """Calls whose text is put together before it is translated, so that no catalogue can have it."""
    found = []
    for file in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in catalogue.KEYWORDS:
                place = (catalogue.KEYWORDS[name] or (1,))[0]
                text = node.args[place - 1] if len(node.args) >= place else None
                if isinstance(text, ast.JoinedStr | ast.BinOp):
                    found.append(f"{file}:{node.lineno}")
    return found


def test_no_text_is_put_together_before_it_is_translated(tmp_path: Path) -> None:
    assert not _put_together(catalogue.ROOT / "pilot_eval")
    (tmp_path / "page.py").write_text('Problem("name", f"{name} is taken")\ngettext("Hello, " + name)\n')
    assert len(_put_together(tmp_path)) == 2


def test_nothing_is_fuzzy_or_out_of_use(extracted: Catalog, russian: Catalog) -> None:
    assert not [message.id for message in russian if message.id and message.fuzzy]
    assert not russian.obsolete
    assert not _texts(russian).keys() - _texts(extracted).keys(), "run `make catalogue`"


def test_the_compiled_catalogue_is_that_of_the_texts(russian: Catalog) -> None:
    stored = catalogue.RUSSIAN.with_suffix(".mo").read_bytes()
    assert stored == catalogue.compiled(russian), "run `make catalogue`"


def test_places_and_plural_forms_agree(russian: Catalog) -> None:
    assert russian.num_plurals == PLURAL_FORMS
    for message in _texts(russian).values():
        num_plurals(russian, message)
        python_format(russian, message)
        for text in catalogue.forms(message):
            assert _places(text) == _places(message.id), message.id


def _places(text: object) -> set[str]:
    # A plural may leave the number out of its singular: the places of all its English forms count.
    joined = text if isinstance(text, str) else " ".join(text)
    return set(re.findall(r"%\((\w+)\)[a-z]", joined))


def test_no_sentence_in_russian_ends_in_a_date(russian: Catalog) -> None:
    # A date in Russian ends in "г." itself.
    for message in _texts(russian).values():
        assert not re.search(r"%\((day|first|last)\)s\.", str(message.string)), message.string


def test_russian_has_no_straight_quotes_and_no_loose_dashes(russian: Catalog) -> None:
    for message in _texts(russian).values():
        for text in catalogue.forms(message):
            assert not re.search(r"\w - \w", text), text
            assert " — " not in text, f"a dash goes with a no-break space before it: {text}"
            if '"' not in str(message.id):
                assert '"' not in text, text
