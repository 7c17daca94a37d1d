"""Services in the words of FOCUS 1.2."""

import pytest

from quarterdeck.governance.costs.categories import BY_NAME, SERVICES, Category, category_of
from quarterdeck.providers.simulator.costs.prices import PRICES

ALLOWED = {
    "AI and Machine Learning",
    "Analytics",
    "Business Applications",
    "Compute",
    "Databases",
    "Developer Tools",
    "Multicloud",
    "Identity",
    "Integration",
    "Internet of Things",
    "Management and Governance",
    "Media",
    "Migration",
    "Mobile",
    "Networking",
    "Security",
    "Storage",
    "Web",
    "Other",
}
"""FOCUS 1.2, "Service Category", allowed values."""


def test_the_categories_are_those_of_the_specification() -> None:
    assert {one.value for one in Category} == ALLOWED


def test_no_service_has_two_categories() -> None:
    assert len(BY_NAME) == sum(len(tuple(names)) for names in SERVICES.values())


@pytest.mark.parametrize(
    ("service", "category"),
    [
        ("Virtual Machines", Category.COMPUTE),
        ("virtual machines ", Category.COMPUTE),
        ("Storage", Category.STORAGE),
        ("SQL Database", Category.DATABASES),
        ("Something Nobody Knows", Category.OTHER),
        ("", Category.OTHER),
    ],
)
def test_a_service_that_is_not_known_is_other(service: str, category: Category) -> None:
    assert category_of(service) is category


def test_every_service_that_the_simulated_cloud_bills_has_one() -> None:
    assert {p.service for p in PRICES.values() if category_of(p.service) is Category.OTHER} == set()
