/* Where what lies in a frame, in a window vector and in the form without a level: see
   `models.feature_table`, `models.window_vector` and `models.level_free`. */

#ifndef LAYOUT_H
#define LAYOUT_H

#include <stdint.h>

#if defined(_WIN32)
#define PUBLIC __declspec(dllexport)
#else
#define PUBLIC __attribute__((visibility("default")))
#endif

#ifndef LANES
#define LANES 4 /* floats in a vector of the processor */
#endif

enum {
    MFCC = 40, CHROMA = 12, MEL = 128, CONTRAST = 7, TONNETZ = 6, PITCH = 5,
    AT_CHROMA = MFCC, AT_MEL = AT_CHROMA + CHROMA, AT_CONTRAST = AT_MEL + MEL,
    AT_TONNETZ = AT_CONTRAST + CONTRAST, FEATURES = AT_TONNETZ + TONNETZ,
    AT_FLOORED = FEATURES, AT_PITCH = AT_FLOORED + MFCC, FRAME_SIZE = AT_PITCH + PITCH,
};

enum { SALIENCE, SALIENCE_SQUARED, VOICING, VOICED_PITCH, VOICED_PITCH_SQUARED };

enum {
    MOVING_ORDERS = 24, SHAPE_ORDERS = 8, GAP_ORDERS = 32,
    MOVING = AT_FLOORED + MOVING_ORDERS - AT_CONTRAST,
    WEIGHTS = 3, MOVES = 3, LENGTHS = 2, PITCH_STEPS = WEIGHTS + MOVES + LENGTHS,
    STEPS = MOVING_ORDERS + PITCH_STEPS,
    AT_DEVIATIONS = FRAME_SIZE, AT_STRAYING = AT_DEVIATIONS + AT_FLOORED - AT_CONTRAST,
    AT_STEPS = AT_DEVIATIONS + MOVING, AT_PITCH_STEPS = AT_STEPS + MOVING_ORDERS,
    AT_CONTRAST_STEPS = AT_STEPS + STEPS, AT_TRENDS = AT_CONTRAST_STEPS + CONTRAST,
    AT_VOICED_TRENDS = AT_TRENDS + SHAPE_ORDERS, AT_VOICED = AT_VOICED_TRENDS + SHAPE_ORDERS,
    VECTOR_SIZE = AT_VOICED + SHAPE_ORDERS,
};

#endif
