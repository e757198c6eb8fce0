"""The live path: sound in, a rolling picture of eight emotions out, every window logged.

::

    sources/ -> worker.py -> estimator.py -> log/        CSV, JSON lines, plain lines
    ring.py                                -> board.py -> dashboard/

`cli.py` reads the command line, with what it shares with training's in `arguments.py`; `run.py`
puts the parts together for `monitor` and `replay`; `classify.py` and `calibrate.py` use the same
parts on recordings and for speaker profiles.
"""

__version__ = "0.1.0"
