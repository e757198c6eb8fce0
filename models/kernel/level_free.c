/* Window vectors without their level, compiled: what `models.level_free` does in numpy. */

#include <math.h>

#include "layout.h"

typedef struct {
    const double *cosines; /* (128, 32) */
    double amin, floor, per_decibel, least_deviation, tiny;
} Constants;

static double larger(double a, double b) { return a > b ? a : b; }

/* One window vector, (338), as 193 numbers. */
static void one_without_level(const float *restrict v, const Constants *c, double *restrict form) {
    double mel[MEL], loudest = 0, sum = 0, cepstra[GAP_ORDERS] = {0};
    for (int i = 0; i < MEL; i++) {
        mel[i] = larger(v[AT_MEL + i], c->amin);
        loudest = larger(loudest, mel[i]);
    }
    for (int i = 0; i < MEL; i++) {
        mel[i] = larger(mel[i], loudest * c->floor);
        sum += mel[i];
    }
    for (int i = 0; i < MEL; i++) {
        const double level = log10(mel[i]);
        for (int k = 0; k < GAP_ORDERS; k++) cepstra[k] += level * c->cosines[i * GAP_ORDERS + k];
    }
    for (int i = 0; i < MFCC; i++) form[i] = v[AT_FLOORED + i];
    for (int i = AT_CHROMA; i < AT_MEL; i++) form[i] = v[i];
    for (int i = AT_CONTRAST; i < FEATURES; i++) form[i] = v[i];
    double *out = form + AT_MEL;
    for (int k = 0; k < GAP_ORDERS; k++) *out++ = cepstra[k] - form[k];
    form[AT_MEL] = cepstra[0] - 10 * log10(sum);
    form[0] = form[0] / c->per_decibel - cepstra[0];
    const float *p = v + AT_PITCH, *s = v + AT_PITCH_STEPS;
    const double voicing = larger(p[VOICING], c->tiny), pitch = p[VOICED_PITCH] / voicing;
    const double salience = p[SALIENCE];
    *out++ = pitch;
    *out++ = sqrt(larger(p[VOICED_PITCH_SQUARED] / voicing - pitch * pitch, 0));
    *out++ = salience;
    *out++ = sqrt(larger(p[SALIENCE_SQUARED] - salience * salience, 0));
    for (int k = 0; k < MOVES; k++) *out++ = s[WEIGHTS + k] / larger(s[k], c->tiny);
    for (int k = 0; k < LENGTHS; k++) *out++ = s[WEIGHTS + MOVES + k] / larger(s[k], c->tiny);
    for (int k = 0; k < MOVING_ORDERS; k++) *out++ = v[AT_STRAYING + k];
    for (int k = 0; k < MOVING_ORDERS; k++)
        *out++ = v[AT_STEPS + k] / (v[AT_STRAYING + k] + c->least_deviation);
    for (int k = 0; k < SHAPE_ORDERS; k++)
        *out++ = v[AT_TRENDS + k] / (v[AT_STRAYING + k] + c->least_deviation);
    for (int k = 0; k < SHAPE_ORDERS; k++)
        *out++ = v[AT_VOICED_TRENDS + k] / (v[AT_STRAYING + k] + c->least_deviation);
    for (int k = 0; k < SHAPE_ORDERS; k++) *out++ = v[AT_VOICED + k] - v[AT_FLOORED + k];
    for (int k = 0; k < CONTRAST; k++) *out++ = v[AT_DEVIATIONS + k];
    for (int k = 0; k < CONTRAST; k++)
        *out++ = v[AT_CONTRAST_STEPS + k] / (v[AT_DEVIATIONS + k] + c->least_deviation);
    *out = 0;
}

/* Window vectors, (count, 338), as (count, 193). */
PUBLIC void level_free(const float *vectors, int64_t count, const double *cosines, double amin,
                       double floor, double per_decibel, double least_deviation, double tiny,
                       double *forms) {
    const Constants constants = {cosines, amin, floor, per_decibel, least_deviation, tiny};
    for (int64_t i = 0; i < count; i++)
        one_without_level(vectors + i * VECTOR_SIZE, &constants, forms + i * FEATURES);
}
