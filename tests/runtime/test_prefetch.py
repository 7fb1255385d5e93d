"""Items made ahead on another thread come as they would have come without it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from edgeai.runtime.prefetch import Prefetch


def ahead() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "edgeai-prefetch-numbers"]


@pytest.mark.parametrize("count", [0, 1, 4, 10, 100])
def test_all_items_come_once_and_in_order(count: int) -> None:
    items = Prefetch(iter(range(count)), "numbers")
    assert list(items) == list(range(count))
    assert next(items, None) is None
    items.close()


def test_an_error_comes_after_the_items_before_it() -> None:
    def numbers() -> Iterator[int]:
        yield from range(6)
        raise ValueError("the seventh is damaged")

    items = Prefetch(numbers(), "numbers")
    assert [next(items) for _ in range(6)] == list(range(6))
    with pytest.raises(ValueError, match="the seventh is damaged"):
        next(items)
    items.close()


def test_no_more_is_made_than_a_few_items_ahead_and_closing_ends_the_thread() -> None:
    made = []

    def numbers() -> Iterator[int]:
        for number in range(1_000_000):
            made.append(number)
            yield number

    items = Prefetch(numbers(), "numbers")
    assert next(items) == 0
    assert ahead()
    items.close()
    assert not ahead()
    assert len(made) <= 20
