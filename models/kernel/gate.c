/* The network of the speech gate, compiled: what `models.silero` does in numpy.

   Four chunks go through the layers before the memory at once, one beside the other, for which
   the weights are read once; a chunk does not depend on which others it goes with. */

#include <string.h>

#include "vectors.h"

enum {
    CHUNK = 512, CONTEXT = 64, PADDED = CONTEXT + CHUNK, FFT = 256, HALF_FFT = FFT / 2,
    STRIDE = 128, STEPS_OF_CHUNK = 4, SPECTRUM = 65, COLUMNS = 80, /* a multiple of all LANES */
    CELLS = 128, GATES = 4 * CELLS, NARROW = 64, ROWS = 4,
    VECTORS = LANES >= 16 ? 4 : 2, /* that four rows have registers for */
};

/* What Python tells: `models.kernel.tables.GateTables` has the same fields. */
typedef struct {
    const float *hann;              /* (256) */
    const float *cosines, *sines;   /* (129, 80), (129, 80): of the bins that are asked for */
    const float *taps1, *bias1;     /* (3, 65, 128), (128) */
    const float *band2, *bias2;     /* (512, 128), (128) */
    const float *band3, *bias3;     /* (128, 64), (64) */
    const float *dense4, *bias4;    /* (64, 128), (128) */
    const float *inward, *bias_lstm; /* (128, 512), (512) */
    const float *recurrent;         /* (128, 512) */
    const float *out;               /* (128) */
    const float *start_output, *start_cell; /* (128), (128): the output twice as large */
    float out_bias;
} GateTables;

typedef float Loose __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

INLINE void columns_of_rows(const float *in, int pitch, int depth, const float *matrix,
                            int columns, int first, int vectors, float *out, int out_pitch) {
    V sum[ROWS][VECTORS];
    for (int row = 0; row < ROWS; row++)
        for (int j = 0; j < vectors; j++)
            sum[row][j] = *(const Loose *)(out + row * out_pitch + first + j * LANES);
    for (int i = 0; i < depth; i++)
        for (int j = 0; j < vectors; j++) {
            const V weight = *(const Loose *)(matrix + i * columns + first + j * LANES);
            for (int row = 0; row < ROWS; row++) sum[row][j] += in[row * pitch + i] * weight;
        }
    for (int row = 0; row < ROWS; row++)
        for (int j = 0; j < vectors; j++)
            *(Loose *)(out + row * out_pitch + first + j * LANES) = sum[row][j];
}

/* Adds to four rows of sums four rows of numbers, each so many, times a matrix. */
INLINE void add_product(const float *in, int pitch, int depth, const float *matrix, int columns,
                        float *out, int out_pitch) {
    int first = 0;
    for (; first + VECTORS * LANES <= columns; first += VECTORS * LANES)
        columns_of_rows(in, pitch, depth, matrix, columns, first, VECTORS, out, out_pitch);
    for (; first < columns; first += LANES)
        columns_of_rows(in, pitch, depth, matrix, columns, first, 1, out, out_pitch);
}

/* A layer: four rows of inputs to four rows of what is positive of their weighted sums. */
INLINE void dense(const float *in, int depth, const float *matrix, const float *bias, int units,
                  int rectified, float *out) {
    for (int row = 0; row < ROWS; row++) memcpy(out + row * units, bias, units * sizeof *bias);
    add_product(in, depth, depth, matrix, units, out, units);
    for (int i = 0; rectified && i < ROWS * units; i++) out[i] = out[i] > 0 ? out[i] : 0;
}

/* Magnitudes, (4, 80), of the four spectra of a chunk; the last mirrors its end. */
static void spectra(const float *padded, const GateTables *t, float *magnitudes) {
    float even[STEPS_OF_CHUNK][HALF_FFT + 1], odd[STEPS_OF_CHUNK][HALF_FFT + 1];
    float mirrored[PADDED - 1 + SPECTRUM];
    memcpy(mirrored, padded, (PADDED - 1) * sizeof *padded);
    for (int i = 0; i < SPECTRUM; i++) mirrored[PADDED - 1 + i] = padded[PADDED - 3 - i];
    for (int step = 0; step < STEPS_OF_CHUNK; step++) {
        float y[FFT];
        for (int i = 0; i < FFT; i++) y[i] = mirrored[step * STRIDE + i] * t->hann[i];
        even[step][0] = y[0], even[step][HALF_FFT] = y[HALF_FFT];
        odd[step][0] = odd[step][HALF_FFT] = 0;
        for (int i = 1; i < HALF_FFT; i++) {
            even[step][i] = y[i] + y[FFT - i];
            odd[step][i] = y[i] - y[FFT - i];
        }
    }
    float re[STEPS_OF_CHUNK * COLUMNS] = {0}, im[STEPS_OF_CHUNK * COLUMNS] = {0};
    add_product(even[0], HALF_FFT + 1, HALF_FFT + 1, t->cosines, COLUMNS, re, COLUMNS);
    add_product(odd[0], HALF_FFT + 1, HALF_FFT + 1, t->sines, COLUMNS, im, COLUMNS);
    for (int i = 0; i < STEPS_OF_CHUNK * COLUMNS; i++)
        magnitudes[i] = sqrtf(re[i] * re[i] + im[i] * im[i]);
}

/* What drives the memory, (4, 512), of four chunks. */
static void drive_of(const float *const chunks[ROWS], const GateTables *t, float *drive) {
    float wide[ROWS][STEPS_OF_CHUNK * CELLS], second[ROWS * CELLS], third[ROWS * NARROW];
    float fourth[ROWS * CELLS];
    for (int chunk = 0; chunk < ROWS; chunk++) {
        /* With an empty step before the first and one behind the last. */
        float steps[(STEPS_OF_CHUNK + 2) * COLUMNS] = {0}, *first = wide[chunk];
        spectra(chunks[chunk], t, steps + COLUMNS);
        for (int step = 0; step < STEPS_OF_CHUNK; step++)
            memcpy(first + step * CELLS, t->bias1, CELLS * sizeof *first);
        for (int tap = 0; tap < 3; tap++)
            add_product(steps + tap * COLUMNS, COLUMNS, SPECTRUM,
                        t->taps1 + tap * SPECTRUM * CELLS, CELLS, first, CELLS);
        for (int i = 0; i < STEPS_OF_CHUNK * CELLS; i++) first[i] = first[i] > 0 ? first[i] : 0;
    }
    dense(wide[0], STEPS_OF_CHUNK * CELLS, t->band2, t->bias2, CELLS, 1, second);
    dense(second, CELLS, t->band3, t->bias3, NARROW, 1, third);
    dense(third, NARROW, t->dense4, t->bias4, CELLS, 1, fourth);
    dense(fourth, CELLS, t->inward, t->bias_lstm, GATES, 0, drive);
}

INLINE V hyperbolic_tangent(V x) {
    const V size = larger(x, -x), e = exponential(-2.0f * size), y = (1.0f - e) / (1.0f + e);
    return pick(x < 0.0f, -y, y);
}

/* One step of the memory; `output` is twice its output. */
static void advance(const float *drive, const GateTables *t, float *output, float *cell) {
    enum { AT_ONCE = LANES >= 16 ? 8 : 4 };
    V gates[GATES / LANES];
    for (int first = 0; first < GATES; first += AT_ONCE * LANES) {
        V sum[AT_ONCE];
        for (int j = 0; j < AT_ONCE; j++) sum[j] = *(const Loose *)(drive + first + j * LANES);
        for (int i = 0; i < CELLS; i++)
            for (int j = 0; j < AT_ONCE; j++)
                sum[j] += output[i]
                          * *(const Loose *)(t->recurrent + i * GATES + first + j * LANES);
        for (int j = 0; j < AT_ONCE; j++) gates[first / LANES + j] = hyperbolic_tangent(sum[j]);
    }
    const V *in = gates, *keep = in + CELLS / LANES, *give = keep + CELLS / LANES;
    const V *fresh = give + CELLS / LANES;
    for (int i = 0; i < CELLS / LANES; i++) {
        const V before = *(const Loose *)(cell + i * LANES);
        const V after = 0.5f * ((in[i] + 1.0f) * fresh[i] + (keep[i] + 1.0f) * before);
        *(Loose *)(cell + i * LANES) = after;
        *(Loose *)(output + i * LANES) = (give[i] + 1.0f) * hyperbolic_tangent(after);
    }
}

/* Probability of speech, (count), of chunks, (count, 576), each behind the end of the one before;
   1 where the memory, (128) each, goes back to its start before the chunk. */
PUBLIC void speech(const float *chunks, const uint8_t *begins, int64_t count, const GateTables *t,
                   float *output, float *cell, float *probabilities) {
    for (int64_t done = 0; done < count; done += ROWS) {
        const float *four[ROWS];
        float drive[ROWS * GATES];
        for (int64_t i = 0; i < ROWS; i++)
            four[i] = chunks + PADDED * (done + i < count ? done + i : count - 1);
        drive_of(four, t, drive);
        for (int64_t i = 0; i < ROWS && done + i < count; i++) {
            if (begins[done + i]) {
                memcpy(output, t->start_output, CELLS * sizeof *output);
                memcpy(cell, t->start_cell, CELLS * sizeof *cell);
            }
            advance(drive + i * GATES, t, output, cell);
            float logit = t->out_bias;
            for (int j = 0; j < CELLS; j++) logit += (output[j] > 0 ? output[j] : 0) * t->out[j];
            probabilities[done + i] = 1 / (1 + expf(-logit));
        }
    }
}
