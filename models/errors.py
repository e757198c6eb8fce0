"""Every error this project raises on purpose.

::

    SerError                    one clear sentence; the command line prints it and exits 1
    ├── AudioError              a recording or a stream that cannot be used
    ├── BundleError             a trained model that is damaged, foreign or of another version
    ├── ProfileError            a saved speaker baseline that cannot be used
    ├── ConfigError             a setting that is unknown, ill-typed or out of range
    ├── DeviceError             no such microphone, or the sound system refuses it
    ├── OutputError             a file that cannot be written
    ├── DataError               a corpus that is missing, changed or wrongly named
    └── UsageError              a command line that cannot be meant; exits 2

A message says what was found, what was needed, and what to do next.
"""


class SerError(Exception):
    """Base of all errors raised on purpose."""

    exit_code = 1


class AudioError(SerError):
    """A recording or a stream cannot be used."""


class BundleError(SerError):
    """A trained model is damaged, foreign or of another version."""


class ProfileError(SerError):
    """A saved speaker baseline cannot be used."""


class ConfigError(SerError):
    """A setting is unknown, ill-typed or out of range."""


class DeviceError(SerError):
    """There is no such microphone, or the sound system refuses it."""


class OutputError(SerError):
    """A file cannot be written."""


class DataError(SerError):
    """A corpus is missing, changed or wrongly named."""


class UsageError(SerError):
    """The command line cannot be meant as it stands."""

    exit_code = 2
