"""A real Chromium without a window, spoken to by the DevTools protocol over a pipe: no port is open, nothing is installed for it."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import shutil
import subprocess
import time
from contextlib import contextmanager

NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 60
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)
# Everything that stands further to the right than the window is wide, and is seen.
SIDEWAYS = """
(() => {
  const wide = document.documentElement.clientWidth;
  const out = [...document.querySelectorAll('body *')].filter(e => {
    const r = e.getBoundingClientRect();
    return r.width > 0 && r.right > wide + 0.5 && !e.closest('.skip');
  }).map(e => e.tagName + '.' + e.className + ' ' + Math.round(e.getBoundingClientRect().right));
  return {scroll: document.documentElement.scrollWidth, wide, out};
})()
"""


def program():
    """Where Chromium is, None where it is not."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


class Browser:
    """One process; `tab` opens a page of its own."""

    def __init__(self, folder):
        reads, self._out = (_high(one) for one in os.pipe())
        self._in, writes = (_high(one) for one in os.pipe())
        command = [program(), *FLAGS, f"--user-data-dir={folder}"]
        # DevTools listens on descriptor 3 and answers on 4, which a shell can name.
        line = f'exec "$@" 3<&{reads} 4>&{writes} {reads}<&- {writes}>&-'
        self._process = subprocess.Popen(
            ["bash", "-c", line, "bash", *command],
            pass_fds=(reads, writes),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": str(folder)},
        )
        os.close(reads)
        os.close(writes)
        self._rest, self._count, self.events = b"", 0, []

    def close(self):
        """End it."""
        self.ask("Browser.close")
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)
        os.close(self._out)
        os.close(self._in)

    def ask(self, method, session=None, **params):
        """What a command answers."""
        self._count += 1
        number = self._count
        said = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        os.write(self._out, json.dumps(said).encode() + b"\0")
        while True:
            heard = self._hear()
            if heard.get("id") == number:
                assert "error" not in heard, (method, heard["error"])
                return heard["result"]
            self.events.append(heard)

    def wait(self, method, session):
        """The next event of this kind in a tab."""
        while True:
            for place, heard in enumerate(self.events):
                if heard.get("method") == method and heard.get("sessionId") == session:
                    return self.events.pop(place)["params"]
            self.events.append(self._hear())

    def _hear(self):
        until = time.monotonic() + SECONDS
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0.0, until - time.monotonic()))
            assert ready, "the browser does not answer"
            part = os.read(self._in, 1 << 20)
            assert part, "the browser has ended"
            self._rest += part
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    @contextmanager
    def tab(self, width=1200, *, language="en", scripts=False, dark=False):
        """A page of a window so wide; on a narrow one as a phone shows it."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        made = Tab(self, session)
        for domain in ("Page", "Runtime", "Network", "DOM", "Log"):
            made.ask(f"{domain}.enable")
        made.ask("Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 600)
        made.ask("Emulation.setScriptExecutionDisabled", value=not scripts)
        made.ask("Network.setExtraHTTPHeaders", headers={"Accept-Language": language})
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        made.ask("Emulation.setEmulatedMedia", features=[scheme])
        try:
            yield made
        finally:
            self.ask("Target.closeTarget", targetId=target)
            self.events = [heard for heard in self.events if heard.get("sessionId") != session]


class Tab:
    """A page in the browser."""

    def __init__(self, browser, session):
        self._browser, self._session = browser, session

    def ask(self, method, **params):
        """What a command answers."""
        return self._browser.ask(method, self._session, **params)

    def open(self, address):
        """Go there, and wait until it is loaded."""
        self._browser.events = [heard for heard in self._browser.events if heard.get("sessionId") != self._session]
        answer = self.ask("Page.navigate", url=address)
        assert "errorText" not in answer, answer
        self.loaded()

    def loaded(self):
        """Wait until a page is loaded."""
        self._browser.wait("Page.loadEventFired", self._session)

    def value(self, expression):
        """What an expression is in the page; DevTools may look where the page itself may run nothing."""
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def text(self):
        """What is to be read."""
        return self.value("document.body.innerText")

    def click(self, selector):
        """With the mouse, in the middle of it."""
        place = self.value(
            f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: 'center'}});"
            " const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)

    def type(self, text):
        """Into what has the focus."""
        self.ask("Input.insertText", text=text)

    def press(self, key, code=None, number=0, text=""):
        """A key."""
        for kind in ("keyDown", "keyUp"):
            self.ask(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=code or key,
                windowsVirtualKeyCode=number,
                **({"text": text} if text and kind == "keyDown" else {}),
            )

    def choose(self, selector, file):
        """A file in an input."""
        root = self.ask("DOM.getDocument")["root"]["nodeId"]
        node = self.ask("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.ask("DOM.setFileInputFiles", nodeId=node, files=[str(file)])

    def picture(self, path):
        """The whole page as a PNG."""
        size = self.ask("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000), "scale": 1}
        data = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)["data"]
        path.write_bytes(base64.b64decode(data))

    def printed(self):
        """The page as a printer gets it, on A4: a PDF."""
        sheet = {"paperWidth": 8.27, "paperHeight": 11.69}
        return base64.b64decode(self.ask("Page.printToPDF", **sheet)["data"])

    def complaints(self):
        """What the browser had to say against the page."""
        heard = [one for one in self._browser.events if one.get("sessionId") == self._session]
        entries = [one["params"]["entry"] for one in heard if one.get("method") == "Log.entryAdded"]
        return [entry["text"] for entry in entries if "favicon" not in json.dumps(entry)]


def _high(descriptor):
    """The same under a number that no shell uses for itself."""
    found = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 50)
    os.close(descriptor)
    return found
