"""Fixtures are small plugins, one concern each."""

pytest_plugins = [
    "tests.fixtures.network",
    "tests.fixtures.templates",
    "tests.fixtures.clock",
    "tests.fixtures.databases",
    "tests.fixtures.application",
]
