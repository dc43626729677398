"""The small campaign of the assessment's tests, which was worked out by hand."""

from __future__ import annotations

from tests.web.assessing.conftest import bring, organisations, three_days

__all__ = ["bring", "organisations", "three_days"]
