"""The command line: ``python -m training COMMAND``, also installed as ``ser-train``."""

import argparse

from realtime.arguments import Parser, add_common, count, named_path, one_thread_per_process
from realtime.command import run_command

DESCRIPTION = "Makes the emotion models from RAVDESS and judges them."


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=named_path, required=True, metavar="DIR", help="folder that holds RAVDESS"
    )
    _add_work(parser)


def _add_training_noise(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--noise",
        type=named_path,
        metavar="DIR",
        help="recordings without speech, every other one of which is mixed into copies",
    )


def _add_work(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--cache",
        type=named_path,
        metavar="DIR",
        help="where features are kept (default: your cache folder)",
    )
    parser.add_argument(
        "--jobs", type=count, default=-1, metavar="N", help="processes (default: one per core)"
    )


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    from realtime import __version__

    parser = Parser(prog="ser-train", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    download = commands.add_parser("download", help="RAVDESS from Zenodo, resumable and checked")
    download.add_argument("dir", type=named_path, metavar="DIR", help="folder to put it in")

    features = commands.add_parser("features", help="compute the features of a corpus")
    _add_data(features)
    _add_training_noise(features)

    explore = commands.add_parser("explore", help="tables and pictures of a corpus")
    _add_data(explore)
    explore.add_argument("--report", type=named_path, required=True, metavar="DIR", help="where to")

    fit = commands.add_parser("fit", help="train the models and write their bundles")
    _add_data(fit)
    _add_training_noise(fit)
    fit.add_argument(
        "--out",
        type=named_path,
        metavar="DIR",
        help="bundles go to DIR/ann and DIR/mlp (default: model_save_path of the configuration)",
    )
    fit.add_argument("--overwrite", action="store_true", help="replace models that are there")
    fit.add_argument("--framework", choices=("keras", "sklearn", "both"), help="which to train")
    fit.add_argument("--seed", type=int, metavar="N", help="same seed, same model")

    evaluate = commands.add_parser("evaluate", help="judge a bundle by every protocol")
    _add_data(evaluate)
    evaluate.add_argument(
        "--bundle",
        type=named_path,
        required=True,
        metavar="DIR",
        help="a bundle, or a folder with several",
    )
    evaluate.add_argument(
        "--report", type=named_path, required=True, metavar="DIR", help="where to"
    )
    evaluate.add_argument(
        "--other-voices",
        type=named_path,
        metavar="DIR",
        help="recordings with labels.csv (file, speaker, emotion), never trained on",
    )
    evaluate.add_argument(
        "--noise",
        type=named_path,
        metavar="DIR",
        help="recordings without speech; to judge in noise, those not trained on",
    )

    predict = commands.add_parser("predict", help="judge one recording with the framework's model")
    predict.add_argument("file", type=named_path, metavar="FILE", help="any sound file")
    predict.add_argument(
        "--framework",
        choices=("keras", "sklearn"),
        help="keras loads model.keras, sklearn loads model.pkl (default: as configured, or keras)",
    )
    predict.add_argument(
        "--model", metavar="ann|mlp|DIR", help="bundle (default: the shipped one of the framework)"
    )
    predict.add_argument("--json", action="store_true", help="one JSON object")
    for command in (download, features, explore, fit, evaluate, predict):
        add_common(command)
    return parser


def _dispatch(arguments: argparse.Namespace) -> int:
    command: str = arguments.command
    if command == "download":
        from training.download import download

        print(download(arguments.dir).summary)
        return 0
    from training import commands

    return commands.COMMANDS[command](arguments)


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code, see `run_command`."""
    # With one thread a sum has one order, so that the same seed gives the same bits.
    one_thread_per_process()
    arguments = build_parser().parse_args(argv)
    return run_command(lambda: _dispatch(arguments), program="ser-train", debug=arguments.debug)
