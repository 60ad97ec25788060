"""The register of `register.py` behind a real server, and a browser that looks at it."""

from __future__ import annotations

import os

import httpx
import pytest

from api.app import create_app
from api.limits import Doors, Rate
from tests.api.conftest import listening  # noqa: F401  (the server, as the tests of the API have it)
from tests.pages.browser import Browser, program
from tests.pages.register import Register, fill

ENDLESS = 1_000_000


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The register, filled once: tests only look at it."""
    register = Register(tmp_path_factory.mktemp("keys"))
    fill(register)
    yield register
    register.store.close()


@pytest.fixture
def site(made, listening):  # noqa: F811
    """Its address; the doors are wide, as all come from one."""
    doors = Doors(visits=Rate(ENDLESS), brought=Rate(ENDLESS))
    listening.app = create_app(made.services, version="test", doors=doors)
    return listening.url


@pytest.fixture
def visit(site, listening):  # noqa: F811
    """A page as a browser asks for it."""
    client = httpx.Client(transport=listening.pool, timeout=60, trust_env=False)

    def asked(path, *, accept="text/html,application/xhtml+xml,*/*;q=0.8", language="en", method="GET", **more):
        headers = {"Accept": accept, "Accept-Language": language, **more.pop("headers", {})}
        return client.request(method, site + path, headers=headers, **more)

    return asked


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """A real Chromium. Where there is none these tests are left out, but not in CI."""
    if program() is None:
        why = "no Chromium here: install Debian's package chromium, and `make test` looks at the pages in it"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    made = Browser(tmp_path_factory.mktemp("browser"))
    yield made
    made.close()
