"""The tables of the documents and what they describe say the same: settings, routes, errors, dependencies, words."""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import fields

import pytest
from documents import ROOT, blocks, code, read, table

from api.app import create_app
from api.problems import STATUS
from engine import errors
from engine.rehearse.world import World
from engine.verify.findings import CODES
from runtime.settings import PREFIX, SHIPPED, Settings

PACKAGES = ("engine", "adapters", "api", "runtime")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
