"""The columns of the per-window CSV, in order; JSON lines carry the same names.

A row is one `%` operation on a template that depends only on which values are absent: replay
at full speed writes thousands of rows a second.
"""

import functools
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from models.labels import EMOTIONS
from realtime.estimate import Estimate


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One column.

    Attributes
    ----------
    name : str
        In the header, as the key in JSON and, but for the probabilities, in `Estimate`.
    form : str
        How `%` writes a value: `%s` text, `%d` a whole number, `%.3f` three decimals.
    """

    name: str
    form: str

    @property
    def json_form(self) -> str:
        """The key and value in a JSON object."""
        return f'"{self.name}":' + ('"%s"' if self.form == "%s" else self.form)


_BEFORE = (
    Column(name="window", form="%d"),
    Column(name="start_s", form="%.3f"),
    Column(name="end_s", form="%.3f"),
    Column(name="state", form="%s"),
    Column(name="emotion", form="%s"),
    Column(name="confidence", form="%.4f"),
)
_PROBABILITIES = tuple(Column(name=emotion.value, form="%.4f") for emotion in EMOTIONS)
_AFTER = (
    Column(name="raw_emotion", form="%s"),
    Column(name="speech_ratio", form="%.4f"),
    Column(name="level_dbfs", form="%.1f"),
    Column(name="clipped_ratio", form="%.5f"),  # one clipped sample of a hop at 192 kHz shows
    Column(name="baseline_windows", form="%.1f"),
    Column(name="dropped_samples", form="%d"),
    Column(name="latency_ms", form="%.1f"),
    Column(name="time_utc", form="%s"),
)
COLUMNS: tuple[Column, ...] = (*_BEFORE, *_PROBABILITIES, *_AFTER)
HEADER = ",".join(column.name for column in COLUMNS)

_read_before = attrgetter(*(column.name for column in _BEFORE))
_read_after = attrgetter(*(column.name for column in _AFTER))
_NO_PROBABILITIES = (None,) * len(_PROBABILITIES)
_ABSENT = "%.0s"  # takes a value and writes nothing


def csv_line(estimate: Estimate) -> str:
    """Write one row, without newline; absent values are empty, and no cell needs quoting."""
    values = _values(estimate)
    return _csv_template(_absent(values)) % values


def json_line(estimate: Estimate) -> str:
    """Write the same fields as one JSON object, without newline; absent values are null."""
    values = _values(estimate)
    return _json_template(_absent(values)) % values


def _values(estimate: Estimate) -> tuple[Any, ...]:
    probabilities = estimate.probabilities or _NO_PROBABILITIES
    return (*_read_before(estimate), *probabilities, *_read_after(estimate))


def _absent(values: tuple[Any, ...]) -> tuple[bool, ...]:
    # NaN, the one value that differs from itself, would not be JSON
    return tuple(value is None or value != value for value in values)  # noqa: PLR0124


@functools.cache
def _csv_template(absent: tuple[bool, ...]) -> str:
    return ",".join(
        _ABSENT if is_absent else column.form
        for column, is_absent in zip(COLUMNS, absent, strict=True)
    )


@functools.cache
def _json_template(absent: tuple[bool, ...]) -> str:
    fields = (
        f'"{column.name}":null{_ABSENT}' if is_absent else column.json_form
        for column, is_absent in zip(COLUMNS, absent, strict=True)
    )
    return "{" + ",".join(fields) + "}"
