"""The API of central, tried by schemathesis with what its own document says and with what it does not."""

from __future__ import annotations

import pytest

from node.testing import fuzzing

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(databases=["default", "catalog", "orders", "customers", "work", "stats"], transaction=True),
]


def test_central_answers_as_its_document_says(central: str, key: str) -> None:
    said = fuzzing.complaints(f"{central}/api/v1/openapi.json", {"Authorization": f"Bearer {key}"}, "--url", central)

    if said:
        pytest.fail(said, pytrace=False)
