"""Which microphone the sound server uses by default, told when it changes.

PortAudio looks for devices only when it starts, and behind a sound server its `default` is
always the same. So on Linux the server itself is asked, through the client library of
PulseAudio, which PipeWire serves too. On macOS and Windows a change of the default is seen
only when a lost device is looked for.
"""

import ctypes
import threading
import time
from collections.abc import Callable
from typing import Any

LIBRARY = "libpulse.so.0"
AGAIN_S = 5.0

_CONTEXT_READY = 4
_CONTEXT_FAILED = 5
_NO_AUTOSPAWN = 1
_SERVER_EVENTS = 0x80


class _SampleSpec(ctypes.Structure):
    _fields_ = [
        ("format", ctypes.c_int),
        ("rate", ctypes.c_uint32),
        ("channels", ctypes.c_uint8),
    ]


class _ServerInfo(ctypes.Structure):
    _fields_ = [
        ("user_name", ctypes.c_char_p),
        ("host_name", ctypes.c_char_p),
        ("server_version", ctypes.c_char_p),
        ("server_name", ctypes.c_char_p),
        ("sample_spec", _SampleSpec),
        ("default_sink_name", ctypes.c_char_p),
        ("default_source_name", ctypes.c_char_p),
    ]


class _SourceInfo(ctypes.Structure):
    """The beginning of `pa_source_info`."""

    _fields_ = [
        ("name", ctypes.c_char_p),
        ("index", ctypes.c_uint32),
        ("description", ctypes.c_char_p),
    ]


_ON_SERVER = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.POINTER(_ServerInfo), ctypes.c_void_p)
_ON_SOURCE = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.POINTER(_SourceInfo), ctypes.c_int, ctypes.c_void_p
)
_ON_EVENT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_uint32, ctypes.c_void_p)


class DefaultInput:
    """Follows the sound server's default source in a thread that sleeps until it is told.

    Without a PulseAudio or PipeWire server there is nothing to follow, and no change is told.
    """

    def __init__(self) -> None:
        self._now: tuple[str, str] | None = None
        self._told: str | None = None
        try:
            library = _typed(ctypes.CDLL(LIBRARY))
        except OSError:
            return
        threading.Thread(
            target=self._follow, args=(library,), name="default-input", daemon=True
        ).start()

    def change(self) -> str | None:
        """Return the new default's description if it is not the one told before."""
        if self._now is None:
            return None
        name, description = self._now
        before, self._told = self._told, name
        return description if before not in (None, name) else None

    def _follow(self, library: Any) -> None:
        while True:
            _Server(library, self._note).run()
            time.sleep(AGAIN_S)

    def _note(self, name: str, description: str) -> None:
        self._now = (name, description)


class _Server:
    """One connection to the server, until it fails."""

    def __init__(self, library: Any, note: Callable[[str, str], None]) -> None:
        self._library = library
        self._note = note
        self._loop = library.pa_mainloop_new()
        api = library.pa_mainloop_get_api(self._loop)
        self._context = library.pa_context_new(api, b"ser-live default input")
        # Kept here for as long as the library may call them.
        self._on_event = _ON_EVENT(lambda *_: self._ask())
        self._on_server = _ON_SERVER(self._take_server)
        self._on_source = _ON_SOURCE(self._take_source)

    def run(self) -> None:
        """Listen; returns when the server is gone."""
        library = self._library
        subscribed = False
        library.pa_context_connect(self._context, None, _NO_AUTOSPAWN, None)
        while library.pa_context_get_state(self._context) < _CONTEXT_FAILED:
            if not subscribed and library.pa_context_get_state(self._context) == _CONTEXT_READY:
                subscribed = True
                library.pa_context_set_subscribe_callback(self._context, self._on_event, None)
                self._done(library.pa_context_subscribe(self._context, _SERVER_EVENTS, None, None))
                self._ask()
            if library.pa_mainloop_iterate(self._loop, 1, None) < 0:
                break
        library.pa_context_unref(self._context)
        library.pa_mainloop_free(self._loop)

    def _ask(self) -> None:
        self._done(self._library.pa_context_get_server_info(self._context, self._on_server, None))

    def _take_server(self, _context: Any, info: Any, _data: Any) -> None:
        if info and info.contents.default_source_name:
            self._done(
                self._library.pa_context_get_source_info_by_name(
                    self._context, info.contents.default_source_name, self._on_source, None
                )
            )

    def _take_source(self, _context: Any, info: Any, end: int, _data: Any) -> None:
        if info and not end:
            name = info.contents.name.decode(errors="replace")
            described = info.contents.description or info.contents.name
            self._note(name, described.decode(errors="replace"))

    def _done(self, operation: int | None) -> None:
        if operation:
            self._library.pa_operation_unref(operation)


def _typed(library: Any) -> Any:
    """Declare what is called; without this, pointers would be cut to 32 bits."""
    pointer, text = ctypes.c_void_p, ctypes.c_char_p
    for name, result, arguments in (
        ("pa_mainloop_new", pointer, ()),
        ("pa_mainloop_free", None, (pointer,)),
        ("pa_mainloop_get_api", pointer, (pointer,)),
        ("pa_mainloop_iterate", ctypes.c_int, (pointer, ctypes.c_int, pointer)),
        ("pa_context_new", pointer, (pointer, text)),
        ("pa_context_unref", None, (pointer,)),
        ("pa_context_connect", ctypes.c_int, (pointer, text, ctypes.c_int, pointer)),
        ("pa_context_get_state", ctypes.c_int, (pointer,)),
        ("pa_context_set_subscribe_callback", None, (pointer, _ON_EVENT, pointer)),
        ("pa_context_subscribe", pointer, (pointer, ctypes.c_int, pointer, pointer)),
        ("pa_context_get_server_info", pointer, (pointer, _ON_SERVER, pointer)),
        ("pa_context_get_source_info_by_name", pointer, (pointer, text, _ON_SOURCE, pointer)),
        ("pa_operation_unref", None, (pointer,)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
