"""The command line: ``python -m realtime COMMAND``, also installed as ``ser-live``."""

import argparse

from realtime.arguments import (
    Parser,
    add_common,
    count,
    named_path,
    one_thread_per_process,
    positive,
)
from realtime.command import run_command

SLOWEST = 0.001  # times real time
DESCRIPTION = "Live speech-emotion recognition in the terminal."


def _speed(text: str) -> float | None:
    speed = None if text == "max" else positive(text)
    if speed is not None and speed < SLOWEST:
        raise argparse.ArgumentTypeError(f"{text!r} is too slow: choose {SLOWEST:g} or more")
    return speed


def _add_model(parser: argparse.ArgumentParser, baseline: str) -> None:
    group = parser.add_argument_group("model")
    group.add_argument(
        "--model", metavar="ann|mlp|DIR", help="trained model (default: mlp, unless configured)"
    )
    group.add_argument("--baseline", metavar=baseline, help="what is known of the speaker's voice")
    group.add_argument(
        "--window",
        dest="window_s",
        type=positive,
        metavar="S",
        help="seconds of sound per estimate: 1, 2 or 3 (default: 3)",
    )
    group.add_argument(
        "--hop",
        dest="hop_s",
        type=positive,
        metavar="S",
        help="seconds between estimates (default: 0.25)",
    )


def _add_output(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument("--csv", type=named_path, metavar="FILE", help="write every window to FILE")
    group.add_argument("--overwrite", action="store_true", help="replace existing files")
    group.add_argument(
        "--append",
        action="store_true",
        help="continue an existing CSV of the same settings and model",
    )
    group.add_argument(
        "--rotate",
        metavar="TIME|SIZE",
        help="begin a new CSV after a time or size, such as 1h or 50MB",
    )
    group.add_argument(
        "--json",
        action="store_true",
        help="one JSON object per window on standard output, no dashboard",
    )
    group.add_argument(
        "--no-dashboard", action="store_true", help="plain lines instead of the dashboard"
    )


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    from realtime import __version__

    parser = Parser(prog="ser-live", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    monitor = commands.add_parser("monitor", help="microphone to dashboard")
    monitor.add_argument("--device", metavar="NAME|ID", help="microphone, see `devices`")
    monitor.add_argument(
        "--channel", type=count, metavar="N", help="channel from 1 (default: average all)"
    )
    monitor.add_argument(
        "--record", type=named_path, metavar="FILE", help="also keep the sound (.wav or .flac)"
    )
    monitor.add_argument("--duration", type=positive, metavar="S", help="end after S seconds")
    replay = commands.add_parser("replay", help="a recording as if it were live")
    replay.add_argument(
        "file",
        nargs="?",
        type=named_path,
        metavar="FILE",
        help="any sound file (default: the demonstration)",
    )
    replay.add_argument(
        "--speed", type=_speed, default=1.0, metavar="1|N|max", help="times real time (default: 1)"
    )
    replay.add_argument("--loop", action="store_true", help="begin again at the end")
    for parser_with_rows in (monitor, replay):
        _add_model(parser_with_rows, "off|adaptive|PROFILE")
        _add_output(parser_with_rows)

    classify = commands.add_parser("classify", help="recordings to one row per file")
    classify.add_argument(
        "paths", nargs="+", type=named_path, metavar="PATH", help="files or folders (recursive)"
    )
    classify.add_argument(
        "--jobs", type=count, default=None, metavar="N", help="processes (default: one per core)"
    )
    _add_model(classify, "off|file|folder")
    classify.add_argument(
        "--csv",
        type=named_path,
        metavar="FILE",
        help="write the rows to FILE (default: standard output)",
    )
    classify.add_argument("--overwrite", action="store_true", help="replace an existing FILE")
    classify.add_argument(
        "--json", action="store_true", help="one JSON object per file on standard output"
    )

    calibrate = commands.add_parser("calibrate", help="learn a speaker's voice and microphone")
    calibrate.add_argument(
        "profile", metavar="PROFILE", help="name of the profile, or a path ending in .json"
    )
    calibrate.add_argument(
        "--from",
        dest="from_file",
        type=named_path,
        metavar="FILE",
        help="a recording instead of the microphone",
    )
    calibrate.add_argument("--device", metavar="NAME|ID", help="microphone, see `devices`")
    calibrate.add_argument(
        "--channel", type=count, metavar="N", help="channel from 1 (default: average all)"
    )
    calibrate.add_argument(
        "--model", metavar="ann|mlp|DIR", help="trained model (default: mlp, unless configured)"
    )
    calibrate.add_argument("--overwrite", action="store_true", help="replace an existing profile")

    devices = commands.add_parser("devices", help="list microphones")
    listing = commands.add_parser("models", help="list trained models")
    for command in (monitor, replay, classify, calibrate, devices, listing):
        add_common(command)
    return parser


def _dispatch(arguments: argparse.Namespace) -> int:
    command: str = arguments.command
    if command == "monitor":
        from realtime.run import monitor

        return monitor(arguments)
    if command == "replay":
        from realtime.run import replay

        return replay(arguments)
    if command == "classify":
        from realtime.classify import classify

        return classify(arguments)
    if command == "calibrate":
        from realtime.calibrate import calibrate

        return calibrate(arguments)
    from realtime.options import log_file, merged_settings

    settings = merged_settings(arguments)
    if command == "devices":
        from realtime.device_list import devices_text
        from realtime.own_words import only_own_words

        with only_own_words(log_file()):
            print(devices_text(settings.device))
        return 0
    from realtime.model_list import models_text

    print(models_text(settings.model))
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code, see `run_command`."""
    one_thread_per_process()
    arguments = build_parser().parse_args(argv)
    return run_command(lambda: _dispatch(arguments), program="ser-live", debug=arguments.debug)
