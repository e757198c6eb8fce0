"""The contract that training and the live path share, and the trained bundles.

::

    audio.py -> frame_stream.py (gate.py, frames.py) -> windows.py -> preprocess.py (baseline.py)
             -> network.py -> calibration.py
    bundle.py holds all numbers; ann/ and mlp/ are the shipped bundles
"""
