"""The live path: source -> ring -> windows -> baseline -> network -> smoothing -> log, screen."""

__version__ = "0.1.0"
