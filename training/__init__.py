"""Makes the models and judges them.

::

    ravdess.py, download.py -> features.py (augment.py) -> table.py -> rows.py -> ann.py, mlp.py
                            -> calibrate_probabilities.py -> export.py: a bundle
    splits.py -> protocols.py -> evaluate.py -> report.py: how right it is, by every protocol

`cli.py` reads the command line.
"""
