"""Made-up runs for the tests of the screen; run as a program, it plays one in this terminal."""

import argparse
import math
import random
import sys
import threading
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from models.labels import EMOTIONS, Emotion
from realtime.board import Board, RunFacts, Snapshot
from realtime.estimate import Estimate, State

HOP_S = 0.25
FACTS = RunFacts(
    source="Built-in Microphone", model="ann", baseline="adaptive", window_s=3.0, hop_s=HOP_S
)
SCRIPT: tuple[tuple[str, float], ...] = (
    ("no_speech", 2.0),
    ("neutral", 6.5),
    ("happy", 8.0),
    ("no_speech", 3.0),
    ("surprised", 4.0),
    ("unsure", 2.0),
    ("sad", 9.0),
    ("calm", 6.0),
    ("gap", 3.0),
    ("no_speech", 2.0),
    ("angry", 7.0),
    ("fearful", 5.5),
    ("unsure", 1.5),
    ("disgust", 4.5),
    ("surprised", 6.0),
)


@lru_cache(maxsize=8192)
def estimate(window: int, kind: str, *, within: int = 8, seed: int = 0) -> Estimate:
    """Make one row of a kind: an emotion's name, or a state's."""
    chance = random.Random(seed * 100_003 + window)  # noqa: S311
    end_s = (window + 1) * HOP_S
    row = Estimate(
        window=window,
        start_s=max(0.0, end_s - 3.0),
        end_s=end_s,
        state=State.NO_SPEECH,
        level_dbfs=-55.0 + chance.uniform(-3, 3),
        speech_ratio=0.04,
        baseline_windows=min(12.0, window / 30),
        latency_ms=chance.uniform(11, 16),
    )
    if kind == "no_speech":
        return row
    if kind == "gap":
        return replace(row, state=State.GAP, level_dbfs=-120.0, speech_ratio=0.0, latency_ms=None)
    lead = 0.9 if kind == "unsure" else 1.2 + 2.5 * (1 - math.exp(-within / 5))
    scores = [chance.uniform(-0.5, 0.6) for _ in EMOTIONS]
    top = EMOTIONS.index(Emotion.SAD if kind == "unsure" else Emotion(kind))
    scores[top] += lead
    total = sum(map(math.exp, scores))
    shares = tuple(math.exp(s) / total for s in scores)
    unsure = kind == "unsure"
    best = EMOTIONS[shares.index(max(shares))]
    return replace(
        row,
        level_dbfs=-24 + 6 * math.sin(window) + chance.uniform(-3, 3),
        speech_ratio=chance.uniform(0.6, 0.95),
        state=State.UNSURE if unsure else State.SPEECH,
        emotion=None if unsure else best,
        confidence=max(shares),
        probabilities=shares,
        raw_emotion=best,
        clipped_ratio=0.03 if kind == "angry" and window % 9 == 0 else 0.0,
    )


def kinds(count: int) -> list[tuple[str, int]]:
    """Spell out the script for `count` hops: what each is, and how far into its stretch."""
    out: list[tuple[str, int]] = []
    while len(out) < count:
        for kind, seconds in SCRIPT:
            out += [(kind, i) for i in range(round(seconds / HOP_S))]
    return out[:count]


def fill(board: Board, count: int) -> None:
    """Put the first `count` rows of the script on a board."""
    for window, (kind, within) in enumerate(kinds(count)):
        board.add(estimate(window, kind, within=within))


def scene(count: int, *, last: str | None = None, notices: tuple[str, ...] = ()) -> Snapshot:
    """Show the script after `count` hops, then four hops of the kind `last`."""
    board = Board(FACTS)
    fill(board, count)
    for i in range(4 if last else 0):
        board.add(estimate(count + i, last or "", within=4 + i))
    for i, text in enumerate(notices):
        board.notice(str(i), text)
    return board.snapshot()


def main() -> None:
    """Play the script on the real screen."""
    from realtime.dashboard.screen import Dashboard
    from realtime.ending_signals import EndingSignals

    parser = argparse.ArgumentParser()
    parser.add_argument("--already", type=int, default=0, help="hops shown from the start")
    parser.add_argument("--hops", type=int, default=10_000)
    parser.add_argument("--pace", type=float, default=HOP_S, help="seconds between hops")
    parser.add_argument("--notice")
    parser.add_argument("--fail-at", type=int, default=-1, help="hop at which drawing fails")
    parser.add_argument("--count", help="file for the number of hops made, written at each one")
    args = parser.parse_args()
    board, stop = Board(FACTS), threading.Event()
    keys: list[str] = []
    fill(board, args.already)
    board.notice("demo", args.notice)

    def work() -> None:
        script = kinds(args.already + args.hops)
        for window in range(args.already, len(script)):
            if stop.wait(args.pace):
                break
            kind, within = script[window]
            if window == args.fail_at:
                board.add(None)  # type: ignore[arg-type]
            else:
                board.add(estimate(window, kind, within=within))
            if args.count:
                Path(args.count).write_text(str(window), encoding="ascii")
        stop.set()

    worker = threading.Thread(target=work)
    worker.start()
    started = time.monotonic(), time.process_time()
    with EndingSignals() as signals:
        signals.opened()
        try:
            Dashboard(board, keys.append).run(stop, signals)
        finally:
            stop.set()
            worker.join()
            wall, cpu = time.monotonic() - started[0], time.process_time() - started[1]
            print(f"keys {keys}, {100 * cpu / wall:.2f} % of a core", file=sys.stderr)
    sys.exit(signals.code)


if __name__ == "__main__":
    main()
