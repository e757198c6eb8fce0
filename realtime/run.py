"""The `monitor` and `replay` commands: source, worker, log and dashboard put together."""

import argparse
import contextlib
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from models.errors import OutputError, UsageError
from realtime import __version__
from realtime.board import Board, RunFacts, wording
from realtime.config import RealtimeSettings, config_path
from realtime.dashboard.screen import Dashboard, can_draw
from realtime.demonstration import demonstration_clip
from realtime.ending_signals import EndingSignals
from realtime.estimator import Estimator, utc_now
from realtime.log import private_file
from realtime.log.log_thread import LogThread, open_log
from realtime.log.meta import RunMeta, meta_path
from realtime.log.record import Recorder, require_recordable
from realtime.log.rotation import parse_rotation
from realtime.messages import clean, tell
from realtime.native_noise import native_noise_to
from realtime.options import (
    estimator_settings,
    log_file,
    merged_settings,
    open_model,
    profiles_folder,
)
from realtime.own_words import only_own_words
from realtime.sources.base import Source
from realtime.sources.file import FileSource
from realtime.speaker import open_speaker
from realtime.summary import Summary
from realtime.worker import Worker

OUTPUT_FAILED = 1
POLL_S = 0.2

OpenSource = Callable[[RealtimeSettings], Source]


def monitor(arguments: argparse.Namespace) -> int:
    """Microphone to dashboard."""
    from realtime.sources.microphone import MicrophoneSource

    if arguments.record is not None:
        require_recordable(arguments.record, arguments.csv, overwrite=arguments.overwrite)

    def open_source(settings: RealtimeSettings) -> Source:
        return MicrophoneSource(settings.device or None, channel=settings.channel or None)

    return _Run(arguments, open_source, is_live=True).execute()


def replay(arguments: argparse.Namespace) -> int:
    """A recording as if it were live; without a file the demonstration clip."""
    path: Path = arguments.file or demonstration_clip()

    def open_source(_: RealtimeSettings) -> Source:
        return FileSource(path, speed=arguments.speed, loop=arguments.loop)

    return _Run(arguments, open_source, recording=path, is_live=False).execute()


class _Run:
    """One run; what is wrong with how it was asked for is found before anything is opened."""

    def __init__(
        self,
        arguments: argparse.Namespace,
        open_source: OpenSource,
        *,
        recording: Path | None = None,
        is_live: bool,
    ) -> None:
        if arguments.overwrite and arguments.append:
            raise UsageError("--overwrite and --append exclude each other: choose one.")
        if arguments.csv is None and (arguments.append or arguments.rotate):
            option = "--append" if arguments.append else "--rotate"
            raise UsageError(f"{option} is about a CSV: name it with --csv FILE.")
        if arguments.json and sys.stdout is None:
            raise OutputError("Standard output is closed: open it, or leave --json out.")
        self._record: Path | None = getattr(arguments, "record", None)
        self._arguments = arguments
        self._open_source = open_source
        self._is_live = is_live
        self._settings = merged_settings(arguments)
        self._rotation = parse_rotation(arguments.rotate) if arguments.rotate else None
        self._model = open_model(self._settings)
        self._speaker = open_speaker(
            self._settings.baseline,
            self._model.bundle,
            profiles_folder(),
            window_s=self._settings.window_s,
        )
        self._spare_what_is_read(recording)
        self._model.bundle.calibration.for_window(self._settings.window_s)
        self._stop = threading.Event()
        self._shows = not (arguments.json or arguments.no_dashboard) and can_draw()

    def _spare_what_is_read(self, recording: Path | None) -> None:
        read = (recording, config_path(self._arguments.config), self._speaker.profile)
        inputs = [path for path in read if path is not None]
        csv: Path | None = self._arguments.csv
        description = meta_path(csv) if csv is not None and csv.name else None
        for output in (csv, description, self._record):
            private_file.spare(inputs, output)

    def execute(self) -> int:
        """Run to the end and return the exit code."""
        with EndingSignals() as signals:
            with contextlib.ExitStack() as stack:
                if self._shows:
                    stack.enter_context(native_noise_to(log_file()))
                else:
                    # A replay writes nothing that was not asked for.
                    stack.enter_context(only_own_words(log_file() if self._is_live else None))
                source = self._open_source(self._settings)
                stack.callback(source.close)
                board = Board(self._facts(source), _note if self._shows else None)
                log = self._open_log(source, board)
                stack.callback(log.close)
                recorder = self._open_recorder(source, board)
                if recorder is not None:
                    stack.callback(recorder.close)
                worker = self._worker(source, board, log, recorder)
                signals.opened()
                worker.start()
                # It reads and writes what is closed after it.
                stack.callback(worker.join)
                stack.callback(self._stop.set)
                self._attend(board, worker, signals)
            summary = worker.result()
            problems = [output.problem for output in (log, recorder) if output is not None]
            if log.reader_gone and not any(problems):
                return 0
            return _farewell(summary, list(filter(None, problems)), ending=signals.code)

    def _open_recorder(self, source: Source, board: Board) -> Recorder | None:
        if self._record is None:
            return None
        return Recorder(
            self._record,
            source.rate,
            hop_s=self._settings.hop_s,
            overwrite=self._arguments.overwrite,
            notify=board.notice,
        )

    def _facts(self, source: Source) -> RunFacts:
        return RunFacts(
            source=source.name,
            model=self._model.name,
            baseline=self._speaker.name,
            window_s=self._settings.window_s,
            hop_s=self._settings.hop_s,
        )

    def _open_log(self, source: Source, board: Board) -> LogThread:
        arguments = self._arguments
        return open_log(
            csv=arguments.csv,
            json=arguments.json,
            # Where a shell has closed it, some other file has its number.
            plain=sys.stdout is not None and not (self._shows or arguments.json),
            meta=self._meta(source),
            overwrite=arguments.overwrite,
            append=arguments.append,
            rotation=self._rotation,
            board=board,
            stop=self._stop,
        )

    def _meta(self, source: Source) -> RunMeta:
        settings = asdict(self._settings)
        for name in ("refresh_hz", "device", "channel"):
            del settings[name]
        if self._speaker.profile is not None:
            # Not by its name alone: another voice may go by it by now.
            settings["profile_sha256"] = sha256(self._speaker.profile.read_bytes()).hexdigest()
        channel = self._settings.channel if self._is_live else 0
        return RunMeta(
            version=__version__,
            bundle=self._model.bundle.fingerprint,
            settings=settings,
            source=f"{source.name}, channel {channel}" if channel else source.name,
            started_utc=utc_now(),
        )

    def _worker(
        self, source: Source, board: Board, log: LogThread, recorder: Recorder | None
    ) -> Worker:
        estimator = Estimator(
            self._model.bundle, estimator_settings(self._settings), self._speaker, source.rate
        )
        return Worker(
            source,
            estimator,
            board,
            log,
            self._stop,
            is_live=self._is_live,
            recorder=recorder,
            longest_s=getattr(self._arguments, "duration", None),
        )

    def _attend(self, board: Board, worker: Worker, signals: EndingSignals) -> None:
        """Show the run, or tell of it, until it is over or is to end."""
        if not self._shows:
            self._tell(board, signals)
            return

        def on_key(key: str) -> None:
            if key in "rR" and self._speaker.learns:
                worker.reset_speaker()

        dashboard = Dashboard(board, on_key, refresh_hz=self._settings.refresh_hz)
        dashboard.run(self._stop, signals)

    def _tell(self, board: Board, signals: EndingSignals) -> None:
        """Say each new notice on standard error."""
        told: set[str] = set()
        is_over = False
        while not is_over:
            # What came last is told too, after the end.
            is_over = bool(signals.code) or self._stop.wait(POLL_S)
            notices = board.snapshot().notices
            for text in notices:
                if wording(text) not in told:
                    tell(text)
            told = {wording(text) for text in notices}


def _note(text: str) -> None:
    """Keep a notice with its time; standard error goes to the log while the screen is up."""
    print(utc_now(), clean(text), file=sys.stderr, flush=True)


def _farewell(summary: Summary, problems: list[str], *, ending: int) -> int:
    """Say what the run amounted to and what is missing; return the exit code."""
    print(summary, file=sys.stderr)
    for problem in problems:
        tell(problem)
    if problems:
        return OUTPUT_FAILED
    return ending
