"""Lines for people on standard output, where no dashboard is shown."""

from realtime.estimate import Estimate, State

_WORDS = {State.NO_SPEECH: "no speech", State.UNSURE: "unsure", State.GAP: "gap"}


class PlainLines:
    """Makes one line whenever the state or the emotion changes."""

    def __init__(self) -> None:
        self._said: object = None

    def __call__(self, estimate: Estimate) -> str | None:
        """Return a line such as `    12.25 s  happy      62 %`; None while nothing changed."""
        said = (estimate.state, estimate.emotion)
        if said == self._said:
            return None
        self._said = said
        word = estimate.emotion or _WORDS.get(estimate.state, estimate.state)
        percent = "" if estimate.confidence is None else f"{100 * estimate.confidence:3.0f} %"
        return f"{estimate.end_s:9.2f} s  {word:<10}{percent}".rstrip()
