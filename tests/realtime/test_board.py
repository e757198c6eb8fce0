"""The board: what the worker writes and the dashboard reads."""

from realtime.board import HISTORY_ROWS, Board, RunFacts
from realtime.estimate import Estimate, State

FACTS = RunFacts(source="s", model="m", baseline="off", window_s=3.0, hop_s=0.25)


def _row(window: int) -> Estimate:
    return Estimate(window=window, start_s=0.0, end_s=1.0, state=State.NO_SPEECH)


def test_the_history_is_bounded_and_ends_with_the_newest() -> None:
    board = Board(FACTS)
    assert board.snapshot().latest is None
    for window in range(HISTORY_ROWS + 10):
        board.add(_row(window))
    snapshot = board.snapshot()
    assert len(snapshot.history) == HISTORY_ROWS
    assert snapshot.latest == _row(HISTORY_ROWS + 9)


def test_a_notice_stays_until_it_is_cleared() -> None:
    board = Board(FACTS)
    board.notice("level", "too quiet")
    board.notice("level", "much too quiet")
    board.notice("gap", "lost")
    assert board.snapshot().notices == ("lost", "much too quiet")
    board.notice("level", None)
    board.notice("never given", None)
    assert board.snapshot().notices == ("lost",)


def test_each_new_notice_is_told_once() -> None:
    told: list[str] = []
    board = Board(FACTS, told.append)
    for text in ("quiet", "quiet", None, "quiet", "clipping"):
        board.notice("level", text)
    assert told == ["quiet", "quiet", "clipping"]


def test_who_is_told_of_a_notice_finds_the_board_free_and_the_notice_on_it() -> None:
    found: list[tuple[str, ...]] = []

    def told(_: str) -> None:
        assert not board._lock.locked()
        found.append(board.snapshot().notices)

    board = Board(FACTS, told)
    board.notice("level", "quiet")
    assert found == [("quiet",)]


def test_new_numbers_are_shown_and_not_told_again() -> None:
    told: list[str] = []
    board = Board(FACTS, told.append)
    for rows in range(1, 100):
        board.notice("csv", f"rows held back: {rows}")
    assert told == ["rows held back: 1"]
    assert board.snapshot().notices == ("rows held back: 99",)


def test_a_snapshot_does_not_change() -> None:
    board = Board(FACTS)
    before = board.snapshot()
    board.add(_row(0))
    board.finish()
    assert (before.history, before.finished) == ((), False)
    assert board.snapshot().finished
