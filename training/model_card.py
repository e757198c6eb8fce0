"""The README.md of a bundle: what the model is, how right, on what, and what it is not for."""

from collections.abc import Iterable, Mapping
from typing import Any

CARD_NAME = "README.md"
KIND_NAMES = {"ann": "Keras ANN", "mlp": "scikit-learn MLP"}
BASELINE_NAMES = {
    "cold": "none (cold)",
    "after_8_clips": "adaptive, after 8 clips of the speaker",
    "folder": "folder, all of the speaker's clips",
}

CAUTION = """The random split lets the model hear every test speaker in training and flatters it;
a voice it has never heard will see the actor-disjoint figures at best. These are actors in a
studio: other languages and microphones bring less."""
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
        "judges windows of 1, 2 or 3 s of speech. Trained "
        f"{card['date']} with seed {card['training']['seed']} by `python -m training fit`; "
        "`bundle.json` holds the recipe, the versions and the signal contract."
    )


def _data(origin: Mapping[str, Any]) -> str:
    return (
        "## Data\n\n"
        f"{origin['clips']} clips of speech and song by {len(origin['actors'])} actors of RAVDESS: "
        "Livingstone SR, Russo FA (2018), The Ryerson Audio-Visual Database of Emotional Speech "
        "and Song (RAVDESS), PLoS ONE 13(5): e0196391, doi 10.1371/journal.pone.0196391. "
        f"Index hash `{origin['index_sha256'][:16]}`."
    )


def _figures(metrics: Mapping[str, Any]) -> str:
    if not metrics:
        return "Not measured: run `python -m training evaluate`."
    lines = [
        "| protocol | baseline | scored | UAR | accuracy | log loss | ECE |",
        "|---|---|---|---|---|---|---|",
        *_lines(metrics),
    ]
    return "\n".join(lines)


def _lines(metrics: Mapping[str, Any]) -> Iterable[str]:
    for protocol, modes in metrics.items():
        for mode, units in modes.items():
            for unit, figures in units.items():
                yield (
                    f"| {protocol} | {BASELINE_NAMES.get(mode, mode)} | {unit} "
                    f"| {figures['uar']:.3f} | {figures['accuracy']:.3f} "
                    f"| {figures['log_loss']:.2f} | {figures['ece']:.3f} |"
                )
