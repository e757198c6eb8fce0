"""The README.md of a bundle: what the model is, how right, on what, and what it is not for."""

from collections.abc import Mapping
from typing import Any

from models.labels import EMOTIONS
from training.splits import RANDOM_SPLITS

CARD_NAME = "README.md"
KIND_NAMES = {"ann": "Keras ANN", "mlp": "scikit-learn MLP"}
CAUTION = f"""Random 70/30 is the mean of {RANDOM_SPLITS} splits that let the model hear every test
speaker in training, which flatters it; a voice it has never heard will see the actor-disjoint
figures at best. These are actors in a studio: other languages and microphones bring less."""
NOT_FOR = """## Not for

- Judging people: at work, at school, in hiring, policing, health care or insurance. It hears
  acted expressions of speakers of North American English, and is wrong often.
- Telling what someone feels. It names which acted emotion a voice sounds like.
- More than one speaker at a time, and sounds other than speech.
- Commercial use: see the licence."""
LICENCE = """## Licence

CC BY-NC-SA 4.0, as the corpus demands (https://creativecommons.org/licenses/by-nc-sa/4.0/).
Attribution: trained on RAVDESS, Livingstone & Russo 2018."""


def model_card(card: Mapping[str, Any]) -> str:
    """Markdown from the content of bundle.json."""
    sections = (
        f"# {KIND_NAMES[card['kind']]} for eight emotions in speech",
        _what(card),
        _data(card["origin"]),
        "## How right it is\n\n" + _figures(card["metrics"]) + "\n\n" + CAUTION,
        NOT_FOR,
        LICENCE,
    )
    return "\n\n".join(sections) + "\n"


def _what(card: Mapping[str, Any]) -> str:
    shape = ", ".join(map(str, card["training"]["network"]["hidden_layer_shape"]))
    return (
        f"A feed-forward network (193 inputs; hidden layers of {shape} units; 8 outputs) that "
        "judges windows of 1, 2 or 3 s of speech by the mean of their frames' features, how and "
        "where to these move, and the pitch. Trained "
        f"{card['date']} with seed {card['training']['seed']} by `python -m training fit`; "
        "`bundle.json` holds the recipe, the versions and the signal contract."
    )


def _data(origin: Mapping[str, Any]) -> str:
    return (
        "## Data\n\n"
        f"{origin['clips']} clips of {' and '.join(origin['channels'])} by "
        f"{len(origin['actors'])} actors of RAVDESS: "
        "Livingstone SR, Russo FA (2018), The Ryerson Audio-Visual Database of Emotional Speech "
        "and Song (RAVDESS), PLoS ONE 13(5): e0196391, doi 10.1371/journal.pone.0196391. "
        f"Index hash `{origin['index_sha256'][:16]}`." + _missing(origin) + _noise(origin)
    )


def _missing(origin: Mapping[str, Any]) -> str:
    absent = [str(emotion) for emotion in EMOTIONS if str(emotion) not in origin["emotions"]]
    if not absent:
        return ""
    return f" **No clip of {' or '.join(absent)} was among them: it never learnt what that is.**"


def _noise(origin: Mapping[str, Any]) -> str:
    if not origin["noise_recordings"]:
        return ""
    return (
        f" Some copies are mixed with {origin['noise_recordings']} recordings of noise "
        f"(hash `{origin['noise_sha256'][:16]}`); `training evaluate` judges in others."
    )


def _figures(metrics: Mapping[str, Any]) -> str:
    header = (
        "| protocol | channel | baseline | scored | UAR | accuracy | F1 | log loss | ECE |\n"
        "|---|---|---|---|---|---|---|---|---|"
    )
    note = (
        "Measured when it was trained, by models that had not heard the clips they are judged on; "
        "windows of 3 s; over folds, mean and standard deviation of the UAR. `training evaluate` "
        "gives every length of window, robustness and other voices."
    )
    balance = (
        "What is done about emotions with fewer clips, on windows of the first fold's actors:\n\n"
        "| balance | UAR | accuracy | F1 | least recall |\n|---|---|---|---|---|\n"
    )
    return "\n\n".join(
        [
            "\n".join([header, *map(_protocol_line, metrics["protocols"])]),
            note,
            balance + "\n".join(map(_balance_line, metrics["balance"])),
            "![Training curves](curves.png)",
        ]
    )


def _protocol_line(row: Mapping[str, Any]) -> str:
    return (
        f"| {row['protocol']} | {row['channel']} | {row['baseline']} | {row['scored']} "
        f"| {_spread(row)} | {row['accuracy']:.3f} | {row['f1']:.3f} "
        f"| {row['log_loss']:.2f} | {row['ece']:.3f} |"
    )


def _spread(row: Mapping[str, Any]) -> str:
    return f"{row['uar']:.3f}" + (f" ± {row['uar_sd']:.3f}" if row["uar_sd"] else "")


def _balance_line(row: Mapping[str, Any]) -> str:
    return (
        f"| {row['balance']} | {row['uar']:.3f} | {row['accuracy']:.3f} | {row['f1']:.3f} "
        f"| {row['least_recall']:.3f} |"
    )
