"""Intervals beside shares: how far a few hosts carry."""

from __future__ import annotations

from math import sqrt

Z = 1.959964
"""The quantile of the normal distribution for 95 %."""


def wilson(found: int, of: int) -> tuple[float, float]:
    """The interval of 95 % around the share `found` / `of`, as numbers from 0 to 1.

    It speaks of the many that the `of` were drawn from at random, if they were. `of` is above 0.

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22, 1927.
    """
    share = found / of
    middle = (share + Z**2 / (2 * of)) / (1 + Z**2 / of)
    half = Z * sqrt(share * (1 - share) / of + Z**2 / (4 * of**2)) / (1 + Z**2 / of)
    # The ends are exact where everything or nothing was found; rounding must not move them.
    return (0.0 if not found else middle - half), (1.0 if found == of else middle + half)
