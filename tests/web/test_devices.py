"""What a browser is called on the page of devices."""

import pytest

from pilot_eval.web.devices import device

CHROME = "Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 {more}Safari/537.36{end}"
ANDROID = "Linux; Android 14; Pixel 8"


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (CHROME.format(system=ANDROID, more="Mobile ", end=""), "Chrome, Android"),
        (CHROME.format(system="Windows NT 10.0; Win64", more="", end=" Edg/130.0"), "Edge, Windows"),
        (CHROME.format(system=ANDROID, more="YaBrowser/24.1 ", end=""), "Yandex Browser, Android"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1",
            "Safari, iPhone",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5; rv:131.0) Firefox/131.0", "Firefox, macOS"),
        ("Werkzeug/3.1", ""),
        ("", ""),
        ("<script>alert(1)</script>", ""),
    ],
)
def test_a_browser_is_named_by_our_own_words(user_agent: str, name: str) -> None:
    assert device(user_agent) == name
