"""Where a certificate is superseded it is said by which number and issue, as far as the register knows; nothing is guessed."""

from __future__ import annotations

import pytest

from engine.service.certificate_views import Successor
from tests.service.test_certificates_and_register import SOURCE

TAX = "1234567890"
WITH_RENEWAL = (
    SOURCE.replace("  decision:  {", "  decision:  {replaces: text, ")
    .replace("  holder: applicant.tax_id\n", "  holder: applicant.tax_id\n  replaces: decision.replaces\n")
    .replace("grant: {by: officer,", "grant: {by: officer, form: [decision.replaces],")
    .replace(
        "      suspend: {",
        "      renewed: {by: officer, to: withdrawn, actions: [{certificate: supersede}]}\n      suspend: {",
    )
)


@pytest.fixture
def renewals(world):
    """The workflow, and nothing certified yet."""
    world.publish(WITH_RENEWAL)
    return world


def granted(world, officer, designation, replaces=None, settle=True):
    """(case, number) of a product whose certificate takes the place of another."""
    acme = world.person("anna", "applicant", party=TAX)
    case = world.open("qualification", {"applicant.tax_id": TAX, "product.designation": designation}, acme).id
    world.send(case, "grant", officer, {"decision.replaces": replaces} if replaces else {})
    if settle:
        world.settle()
    return case, world.services.cases.get(case, officer).data["certificate"]["number"]


def said(world, number):
    """By what a certificate is superseded: to those who work with it, and to everybody."""
    info = world.services.certificates.by_number(number)
    assert world.services.certificates.by_token(info.token).superseded_by == info.superseded_by
    page = world.services.public.check(info.token).successor
    shown = None if page is None else Successor(page.number, page.issue)
    assert shown == info.superseded_by
    return info.superseded_by


def test_a_renewal_with_a_number_of_its_own(renewals, officer):
    """Said from the day on which the old one is superseded, not before; a later issue of the new one is the one that counts."""
    old, number = granted(renewals, officer, "V-1")
    new, later = granted(renewals, officer, "V-1b", replaces=number)
    assert said(renewals, number) is None
    renewals.send(old, "renewed", officer)
    assert said(renewals, number) == Successor(later, 1)
    assert said(renewals, later) is None
    renewals.wait(minutes=1)
    renewals.send(new, "correct", officer)
    renewals.settle()
    assert said(renewals, number) == Successor(later, 2)
    renewals.wait(minutes=1)
    (answer,) = [renewals.services.register.eligibility(TAX, "V-1")]
    assert answer.certificate.superseded_by == Successor(later, 2)


def test_what_is_not_issued_is_nobodys_successor(renewals, officer):
    """A reserved number is not told; and where nothing says that it takes the place, nothing is said."""
    old, number = granted(renewals, officer, "V-1")
    granted(renewals, officer, "V-2")
    granted(renewals, officer, "V-3", replaces="OGN1.RU.0042.P99999-00")
    granted(renewals, officer, "V-1b", replaces=number, settle=False)
    renewals.send(old, "renewed", officer)
    assert said(renewals, number) is None
    renewals.settle()
    assert said(renewals, number).issue == 1


def test_the_youngest_of_several(renewals, officer):
    """A second renewal takes the place of a first that came to nothing."""
    old, number = granted(renewals, officer, "V-1")
    first, _ = granted(renewals, officer, "V-1b", replaces=number)
    renewals.wait(days=1)
    renewals.send(first, "withdraw", officer)
    _, second = granted(renewals, officer, "V-1c", replaces=number)
    renewals.send(old, "renewed", officer)
    assert said(renewals, number) == Successor(second, 1)
