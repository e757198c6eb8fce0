"""What one hop costs most of, compiled where there is a C compiler; without one numpy does it.

::

    gate.c        models.silero
    frames.c      models.frames, models.pitch
    window.c      models.window_vector
    level_free.c  models.level_free
    listener.c    models.listener, models.preprocess, models.baseline, models.network
    usable.c      whether this processor can run it
    layout.h      where what lies in an array
    vectors.h     several numbers at once

    recipe.py -> build.py     compiles them
    tables.py -> library.py   loads and calls them

The numpy code says what is computed, and tests hold the two together. Nothing has to be compiled:
the scripts that make an environment call `python -m models.kernel.build`, and without a compiler
numpy does it all. SER_LIVE_KERNEL=0 leaves the kernel out.
"""
