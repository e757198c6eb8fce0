"""A program to be killed: it goes on with a log, and says each window once it is written."""

import os
import random
import signal
import sys
import time
from itertools import islice
from pathlib import Path

from realtime.log.csv_log import CsvLog
from tests.realtime.log_rows import META, Notices, windows_from


def write_for_ever(path: Path, told: int) -> None:
    """Write rows until killed."""
    log = CsvLog(path, META, append=True, notify=Notices().notify)
    for estimate in islice(windows_from(log.first_window), 10**7):
        log.write(estimate)
        os.write(told, b"%d\n" % estimate.window)


def kill_one(path: Path, delay_s: float) -> int:
    """Start a writer, kill it -9, and return the last window it said it had written."""
    read_end, write_end = os.pipe()
    if (child := os.fork()) == 0:
        os.close(read_end)
        write_for_ever(path, write_end)
        os._exit(1)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as told:
        told.readline()
        time.sleep(delay_s)
        os.kill(child, signal.SIGKILL)
        said = told.read().splitlines()
    os.waitpid(child, 0)
    return int(said[-1]) if said else -1


if __name__ == "__main__":
    chance = random.Random(int(sys.argv[2]))  # noqa: S311 - moments, not secrets
    for _ in range(int(sys.argv[3])):
        print(kill_one(Path(sys.argv[1]), chance.uniform(0.0, 0.02)))
