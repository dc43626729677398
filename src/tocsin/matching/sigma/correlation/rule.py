"""A correlation rule as plain data: what can be cached, and what the engine works with."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Type(StrEnum):
    """What a correlation measures in a window of time."""

    EVENT_COUNT = "event_count"
    VALUE_COUNT = "value_count"
    TEMPORAL = "temporal"
    TEMPORAL_ORDERED = "temporal_ordered"
    VALUE_SUM = "value_sum"
    VALUE_AVG = "value_avg"
    VALUE_PERCENTILE = "value_percentile"

    @property
    def is_temporal(self) -> bool:
        """Whether it asks which rules matched, not how much there was."""
        return self in (Type.TEMPORAL, Type.TEMPORAL_ORDERED)

    @property
    def needs_field(self) -> bool:
        """Whether it measures the values of a field."""
        return self.value.startswith("value_")


class Operator(StrEnum):
    """How a measured number is compared."""

    LT = "lt"
    LTE = "lte"
    GT = "gt"
    GTE = "gte"
    EQ = "eq"
    NEQ = "neq"


class Bound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One comparison. `number` is a decimal number as text, so that it stays exact."""

    operator: Operator
    number: str


class Alternative(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way in which a condition of rule names holds, as places in `Correlation.rules`.

    All of `needed` must have matched and none of `absent`.
    """

    needed: tuple[int, ...]
    absent: tuple[int, ...] = ()


class Correlation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One correlation.

    `names` are the id and the name by which other correlations call it. `rules` are the names
    that it calls others by, in the order of the file. Either all `bounds` must hold, or one of
    the `alternatives`. `aliases` gives, for a name in `group_by` or `fields`, the field by rule.
    `percentile` is a decimal number from 0 to 100. With `generate`, the rules that it refers to
    speak for themselves as well.
    """

    names: tuple[str, ...]
    type: Type
    rules: tuple[str, ...]
    timespan_s: int
    group_by: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    percentile: str | None = None
    bounds: tuple[Bound, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    aliases: dict[str, dict[str, str]] = {}
    generate: bool = False

    def field_of(self, name: str, rule: str) -> str:
        """The field that `name` means in rows of `rule`, which is one of `rules`.

        An alias that says nothing of a rule means the field of its own name there.
        """
        return self.aliases.get(name, {}).get(rule, name)
