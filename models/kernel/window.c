/* Steps and window vectors, compiled: what `models.window_vector` does in numpy. */

#include <math.h>

#include "layout.h"

enum { LONG = 16, SHORT = 8 }; /* frames; no step is longer than LONG */

static float larger(float a, float b) { return a > b ? a : b; }
static float smaller(float a, float b) { return a < b ? a : b; }

static float voicing_of(const float *frame) { return frame[AT_PITCH + VOICING]; }

static float pitch_of(const float *frame, float least_voicing) {
    return frame[AT_PITCH + VOICED_PITCH] / larger(voicing_of(frame), least_voicing);
}

/* Steps, (count, 32), of the frames behind the first 16 of (16 + count, 238). */
PUBLIC void steps(const float *features, int64_t count, float least_voicing,
                  const float *per_limit, float *out) {
    for (int64_t i = 0; i < count; i++) {
        const float *now = features + (i + LONG) * FRAME_SIZE, *before = now - FRAME_SIZE;
        const float *recent = now - SHORT * FRAME_SIZE, *old = now - LONG * FRAME_SIZE;
        float *row = out + i * STEPS, *weight = row + MOVING_ORDERS;
        float *move = weight + WEIGHTS, *length = move + MOVES;
        for (int k = 0; k < MOVING_ORDERS; k++)
            row[k] = fabsf(now[AT_FLOORED + k] - before[AT_FLOORED + k]);
        const float pitch = pitch_of(now, least_voicing), middle = pitch_of(recent, least_voicing);
        move[0] = pitch - pitch_of(before, least_voicing);
        move[1] = pitch - middle;
        move[2] = pitch - middle - middle + pitch_of(old, least_voicing);
        weight[0] = smaller(voicing_of(now), voicing_of(before));
        weight[1] = smaller(voicing_of(now), voicing_of(recent));
        weight[2] = smaller(weight[1], voicing_of(old));
        for (int k = 0; k < MOVES; k++) {
            const float far = fabsf(move[k]);
            weight[k] *= larger(1.0f - far * per_limit[k], 0.0f);
            move[k] *= weight[k];
            if (k < LENGTHS) length[k] = far * weight[k];
        }
    }
}

static void scale(float *values, int count, float by) {
    for (int i = 0; i < count; i++) values[i] *= by;
}

/* The vector, (338), of frames, (count, 238), with their steps, (count, 32); 1 where active. */
PUBLIC void window_vector(const float *features, const float *step_sizes, const uint8_t *active,
                          int64_t count, float least_voicing, float *restrict vector) {
    for (int i = 0; i < VECTOR_SIZE; i++) vector[i] = 0;
    float *deviations = vector + AT_DEVIATIONS, *mean_steps = vector + AT_STEPS;
    float *contrast_steps = vector + AT_CONTRAST_STEPS, *trends = vector + AT_TRENDS;
    float *voiced_trends = vector + AT_VOICED_TRENDS, *voiced = vector + AT_VOICED;
    float frames = 0, stepping = 0, changing = 0, trending = 0, both_voiced = 0, voicing = 0;
    for (int64_t i = 0; i < count; i++) {
        if (!active[i]) continue;
        const float *frame = features + i * FRAME_SIZE;
        frames++;
        for (int k = 0; k < FRAME_SIZE; k++) vector[k] += frame[k];
        voicing += voicing_of(frame);
        for (int k = 0; k < SHAPE_ORDERS; k++)
            voiced[k] += voicing_of(frame) * frame[AT_FLOORED + k];
        if (i >= SHORT && active[i - SHORT]) {
            const float *recent = frame - SHORT * FRAME_SIZE;
            const float lesser = smaller(voicing_of(frame), voicing_of(recent));
            changing++;
            both_voiced += lesser;
            for (int k = 0; k < CONTRAST; k++)
                contrast_steps[k] += fabsf(frame[AT_CONTRAST + k] - recent[AT_CONTRAST + k]);
            for (int k = 0; k < SHAPE_ORDERS; k++)
                voiced_trends[k] += lesser * (frame[AT_FLOORED + k] - recent[AT_FLOORED + k]);
        }
        if (i < LONG) continue;
        if (active[i - 1]) {
            stepping++;
            for (int k = 0; k < STEPS; k++) mean_steps[k] += step_sizes[i * STEPS + k];
        }
        if (active[i - LONG]) {
            const float *old = frame - LONG * FRAME_SIZE;
            trending++;
            for (int k = 0; k < SHAPE_ORDERS; k++)
                trends[k] += frame[AT_FLOORED + k] - old[AT_FLOORED + k];
        }
    }
    scale(vector, FRAME_SIZE, 1 / frames);
    for (int64_t i = 0; i < count; i++) {
        const float *frame = features + i * FRAME_SIZE + AT_CONTRAST;
        for (int k = 0; active[i] && k < MOVING; k++) {
            const float apart = frame[k] - vector[AT_CONTRAST + k];
            deviations[k] += apart * apart;
        }
    }
    for (int k = 0; k < MOVING; k++) deviations[k] = sqrtf(deviations[k] / frames);
    scale(mean_steps, STEPS, 1 / larger(1, stepping));
    scale(contrast_steps, CONTRAST, 1 / larger(1, changing));
    scale(trends, SHAPE_ORDERS, 1 / larger(1, trending));
    scale(voiced_trends, SHAPE_ORDERS, 1 / larger(least_voicing, both_voiced));
    scale(voiced, SHAPE_ORDERS, 1 / voicing);
}
