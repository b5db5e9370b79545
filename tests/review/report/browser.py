"""A real browser for tests: Debian's chromium, driven through chromedriver by the WebDriver protocol.

https://www.w3.org/TR/webdriver2/. Some forty lines of it are enough here, and no package more is needed.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
MISSING = None if CHROMIUM and DRIVER else "chromium and chromium-driver are not installed"

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    "--force-prefers-reduced-motion",
)
ARROW_DOWN, ARROW_RIGHT, ENTER, ESCAPE = "\ue015", "\ue014", "\ue007", "\ue00c"

_ATTEMPTS = 5

_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class Browser:
    """One window."""

    def __init__(self, session: str) -> None:
        self._session = session
        self._http = requests.Session()
        self._http.trust_env = False

    def ask(self, method: str, path: str, **body: object) -> Any:
        """Send one command of the protocol."""
        sent = body if method == "POST" else None
        url = f"{self._session}/{path}".rstrip("/")
        answer = self._http.request(method, url, json=sent, timeout=60).json()["value"]
        assert not (isinstance(answer, dict) and "error" in answer), answer
        return answer

    def open(self, url: str) -> None:
        """Go to a page, and wait until it has drawn itself."""
        self.ask("POST", "url", url=url)
        self.wait("['ready', 'failed'].includes(document.documentElement.dataset.state)")
        assert self.run("return document.documentElement.dataset.state") == "ready"

    def run(self, script: str, *args: object) -> Any:
        """Run the body of a function in the page."""
        return self.ask("POST", "execute/sync", script=script, args=list(args))

    def wait(self, condition: str) -> None:
        """Wait until an expression is true, ten seconds at most."""
        script = """
            const done = arguments[arguments.length - 1], until = performance.now() + 10000;
            const look = () =>
                (CONDITION) ? done(true) : performance.now() > until ? done(false) : setTimeout(look, 10);
            look();""".replace("CONDITION", condition)
        assert self.ask("POST", "execute/async", script=script, args=[]), f"never came true: {condition}"

    def find(self, selector: str) -> str:
        """Give the number of an element."""
        return str(self.ask("POST", "element", using="css selector", value=selector)[_ELEMENT])

    def click(self, selector: str) -> None:
        """Click as a person does; fails where something lies above."""
        self.run(
            "document.querySelector(arguments[0]).scrollIntoView({block: 'center', behavior: 'instant'})", selector
        )
        self.ask("POST", f"element/{self.find(selector)}/click")

    def type(self, selector: str, text: str) -> None:
        """Type into a field."""
        self.ask("POST", f"element/{self.find(selector)}/value", text=text)

    def press(self, *keys: str) -> None:
        """Press keys wherever the focus is."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.ask("POST", "actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def text(self, selector: str) -> str:
        """Give what can be read in an element."""
        return str(self.run("return document.querySelector(arguments[0]).innerText", selector))

    def items(self, selector: str) -> list[str]:
        """Give what can be read in each of some elements."""
        script = "return [...document.querySelectorAll(arguments[0])].map((one) => one.innerText)"
        return list(self.run(script, selector))

    def go(self, hash_: str, title: str) -> None:
        """Follow a link within the page, and wait until what it leads to is shown."""
        self.run("location.hash = arguments[0]", hash_)
        self.wait(f"document.getElementById('detail-title')?.textContent === {json.dumps(title)}")

    def log(self, kind: str) -> list[Any]:
        """Give and empty a log: `browser` is the console, `performance` what the page asked for."""
        return list(self.ask("POST", "se/log", type=kind))

    def dialogue(self) -> bool:
        """Whether a script has opened an alert."""
        answer = self._http.get(f"{self._session}/alert/text", timeout=60).json()["value"]
        return isinstance(answer, str)

    def resize(self, width: int, height: int) -> None:
        """Set the size of the window."""
        self.ask("POST", "window/rect", width=width, height=height)

    def pretend(self, width: int, height: int) -> None:
        """Show the page as on a screen of this size, which may be smaller than a window can be."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
        self.command("Emulation.setDeviceMetricsOverride", **size)

    def as_wide_as_the_window(self) -> None:
        """Pretend nothing any more."""
        self.command("Emulation.clearDeviceMetricsOverride")

    def command(self, name: str, **params: object) -> Any:
        """Send a command of the browser's own protocol."""
        return self.ask("POST", "goog/cdp/execute", cmd=name, params=params)

    def prefer(self, scheme: str) -> None:
        """Prefer `light` or `dark` pages."""
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def screenshot(self, path: Path) -> None:
        """Save what is visible."""
        path.write_bytes(base64.b64decode(self.ask("GET", "screenshot")))


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Start a browser with an empty profile, and end it."""
    with _driver() as port:
        window = Browser(_session(port, profile))
        yield window
        window.ask("DELETE", "")


@contextmanager
def _driver() -> Iterator[int]:
    """Start a driver and give its port; again where another one was quicker to take the port that it had found free."""
    assert DRIVER
    for _ in range(_ATTEMPTS):
        with subprocess.Popen(  # noqa: S603 - a path that was looked up
            [DRIVER, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as driver:
            try:
                port = _port(driver)
                if port is not None:
                    yield port
                    return
            finally:
                driver.terminate()
    raise AssertionError("chromedriver did not start")


def _port(driver: subprocess.Popen[str]) -> int | None:
    assert driver.stdout
    for line in driver.stdout:
        if found := re.search(r"started successfully on port (\d+)", line):
            return int(found[1])
    return None


def _session(port: int, profile: Path) -> str:
    options = {"binary": CHROMIUM, "args": [*_FLAGS, f"--user-data-dir={profile}"]}
    wanted = {
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
    }
    sessions = f"http://127.0.0.1:{port}/session"
    with requests.Session() as http:
        http.trust_env = False
        answer = http.post(sessions, json={"capabilities": {"alwaysMatch": wanted}}, timeout=60).json()["value"]
    assert "sessionId" in answer, answer
    return f"{sessions}/{answer['sessionId']}"
