"""What one hop costs most of, compiled where there is a C compiler; without one numpy does it.

::

    frames.c      models.frames, models.pitch     window.c   models.window_vector
    level_free.c  models.level_free               layer.c    models.network
    layout.h      where what lies                 usable.c   whether this processor can run it
    build.py      compiles them                   library.py    loads and calls them
    tables.py     what Python tells them

The numpy code says what is computed, and tests hold the two together. Nothing has to be compiled:
`python -m models.kernel.build` is called by the scripts that make an environment.
"""
