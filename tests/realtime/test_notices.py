"""What a person is told of each sort of item that a source yields."""

import numpy as np

from realtime.sources.base import Block, Gap, Notice
from realtime.sources.notices import Notices

SILENCE = Block(samples=np.zeros(32_000, np.float32), rate=16_000)
LOST = Gap(elapsed_s=1.0, over=False, reason="it was disconnected")
FOUND = Gap(elapsed_s=2.0, over=True, reason="it was disconnected")


def keys(notices: list[Notice]) -> list[tuple[str, bool]]:
    """The keys that are shown (True) and cleared (False)."""
    return [(notice.key, notice.text is not None) for notice in notices]


def test_a_notice_is_handed_on() -> None:
    notice = Notice(key="device", text="another default")
    assert Notices().of(notice) == [notice]


def test_a_gap_is_told_with_its_reason_and_ends_the_hints_of_what_was_before() -> None:
    notices = Notices()
    assert keys(notices.of(SILENCE)) == [("zeros", True)]
    assert notices.of(LOST) == [
        Notice(key="zeros", text=None),
        Notice(key="gap", text="it was disconnected"),
    ]
    assert notices.of(FOUND) == [Notice(key="gap", text=None)]
    assert keys(notices.of(SILENCE)) == [("zeros", True)]


def test_a_file_gets_no_hints() -> None:
    notices = Notices(with_hints=False)
    assert notices.of(SILENCE) == []
    assert keys(notices.of(LOST)) == [("gap", True)]
