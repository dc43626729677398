"""How much a hunt of somebody's evidence may take. Each can be set by a setting of its name."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

_MEBIBYTE = 2**20
_GIBIBYTE = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class HuntLimits:
    """For one process. `memory_bytes` is what it may write to (data and anonymous mappings)."""

    seconds: int = 6 * 3600
    memory_bytes: int = 4 * _GIBIBYTE
    file_bytes: int = 32 * _GIBIBYTE
    """Of one file that it writes."""
    unpacked_bytes: int = 64 * _GIBIBYTE
    free_bytes: int = _GIBIBYTE
    """What must stay free on the disk of the desk's files."""

    @property
    def memory_words(self) -> str:
        """For people."""
        return f"{self.memory_bytes // _MEBIBYTE:,} MiB"

    @property
    def time_words(self) -> str:
        """For people."""
        whole, unit = (
            (self.seconds // 60, "minute") if self.seconds >= 120 else (self.seconds, "second")
        )
        return f"{whole:,} {unit}{'' if whole == 1 else 's'}"


def hunt_limits() -> HuntLimits:
    """``TOCSIN_HUNT_SECONDS``, ``TOCSIN_HUNT_MEMORY_BYTES`` and so on, where they are set."""
    usual = HuntLimits()
    return HuntLimits(
        **{
            name: getattr(settings, f"TOCSIN_HUNT_{name.upper()}", getattr(usual, name))
            for name in ("seconds", "memory_bytes", "file_bytes", "unpacked_bytes", "free_bytes")
        }
    )
