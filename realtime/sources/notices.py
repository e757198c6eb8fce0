"""What a person should know of what a source yields: its own notices, gaps, and hints."""

from realtime.sources.base import Gap, Notice, SourceItem
from realtime.sources.hints import Hints


class Notices:
    """Follows one source.

    Parameters
    ----------
    with_hints : bool
        Look at the samples too, as is right for a microphone.
    """

    def __init__(self, *, with_hints: bool = True) -> None:
        self._with_hints = with_hints
        self._hints = Hints()

    def of(self, item: SourceItem) -> list[Notice]:
        """What has begun or ended with this item; of a block mostly nothing."""
        if isinstance(item, Notice):
            return [item]
        if isinstance(item, Gap):
            gap = Notice(key="gap", text=None if item.over else item.reason)
            # In this order, or both would be on the screen for a moment.
            return [*self._hints.forget(), gap]
        return self._hints.push(item.samples, item.rate) if self._with_hints else []
