r"""Where sound comes from; each source yields blocks, gaps and notices.

::

    PortAudio -> portaudio.py -> ring -> pace.py -> microphone.py \
    libsndfile -------------------------------------> file.py -----+-> Block, Gap, Notice
    arrays -----------------------------------------> memory.py --/

`notices.py` and `hints.py` tell a person what goes wrong with it.
"""
