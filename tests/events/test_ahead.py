import io
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.events.ahead import look_ahead


class FailsAfter(io.RawIOBase):
    """Gives its bytes, then fails as a damaged archive member does."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if not (part := self._data.read(size)):
            raise OSError("bad checksum")
        return part


@given(st.binary(max_size=200), st.integers(0, 250))
def test_nothing_of_the_stream_is_lost_by_looking_ahead(data: bytes, size: int) -> None:
    head, whole = look_ahead(io.BytesIO(data), size)

    assert data[:size] == head
    assert data == whole.read()


def test_a_failure_while_looking_comes_after_what_was_read() -> None:
    head, whole = look_ahead(cast("io.BytesIO", FailsAfter(b"abc")), 10)

    assert head == b"abc"
    assert whole.read(3) == b"abc"
    with pytest.raises(OSError, match="bad checksum"):
        whole.read(1)
