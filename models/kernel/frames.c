/* Features of frames, compiled: what `models.frames` and `models.pitch` do in numpy.

   LANES frames are computed at once: a vector holds one number of LANES frames, so that none
   depends on which others it is computed with. */

#include <string.h>

#include "vectors.h"

#define HALF_LANES (LANES / 2)

/* ---- What Python tells: `models.kernel.tables.FrameTables` has the same fields --------------- */

enum {
    FRAME = 1024, HOP = 160, HALF = FRAME / 2, BINS = HALF + 1, LONGEST_TAIL = 8,
    RIPPLE_BANDS = 42, CUT_BANDS = 13, RIPPLES = 39, DOUBTED = 3, CANDIDATES = 54,
};

typedef struct {
    const double *window;           /* (1024) */
    const double (*twiddle)[2];     /* (512): exp(-2 pi i k / 512) */
    const double (*split)[2];       /* (257): exp(-2 pi i k / 1024) */
    const int32_t (*mel_bins)[2];   /* (128): first bin, number of bins */
    const float *mel_weights;       /* those that are not zero, band by band */
    const float *chroma;            /* (513, 12) */
    const float *dct;               /* (128, 40) */
    const float *tonnetz;           /* (12, 7): the last gives the sum */
    const float *cosines;           /* (42, 39) */
    const float *combs;             /* (39, 54) */
    const float *semitones;         /* (54) */
    const int32_t (*bands)[3];      /* (7): first bin, end bin, tail of the contrast */
    float amin, floor, tiniest;     /* the floor is one in nepers below the loudest */
    float ripple_range, cut_range, least_ripple, rivalry, least_salience, least_voicing;
    float decibels;                 /* in a neper of power */
} Tables;

/* ---- Vectors --------------------------------------------------------------------------------- */

typedef double D __attribute__((vector_size(4 * LANES)));
typedef float HalfV __attribute__((vector_size(2 * LANES)));
typedef struct { D re, im; } C;

/* out[j]: sum over i of in[i] times matrix[i][j], for `count` columns j from `first` on. */
INLINE void columns_of(const V *in, int rows, const float *matrix, int columns, int first,
                       int count, V *out) {
    V sum[8] = {{0}};
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < count; j++) sum[j] += in[i] * matrix[i * columns + first + j];
    memcpy(out + first, sum, (size_t)count * sizeof *sum);
}

/* The same for all columns: as many at once as the processor has registers for. */
INLINE void product(const V *in, int rows, const float *matrix, int columns, V *out) {
    int first = 0;
    for (; first + 8 <= columns; first += 8) columns_of(in, rows, matrix, columns, first, 8, out);
    columns_of(in, rows, matrix, columns, first, columns % 8, out);
}

/* ---- Fourier transform: Stockham, radix 8, in double precision ------------------------------- */

/* In single precision rounding would fill bands that hold nothing, as those above a low-pass, and
   show in their contrast by decibels. */

INLINE C add(C a, C b) { return (C){a.re + b.re, a.im + b.im}; }
INLINE C less(C a, C b) { return (C){a.re - b.re, a.im - b.im}; }
INLINE C times(C a, const double w[2]) {
    return (C){a.re * w[0] - a.im * w[1], a.re * w[1] + a.im * w[0]};
}
INLINE C down(C a) { return (C){a.im, -a.re}; } /* times -i */

INLINE void dft4(C *a, C *b, C *c, C *d) {
    C s = add(*a, *c), t = less(*a, *c), u = add(*b, *d), v = down(less(*b, *d));
    *a = add(s, u); *b = add(t, v); *c = less(s, u); *d = less(t, v);
}

INLINE void dft8(C x[8]) {
    const double half = 0.70710678118654752;
    C e0 = x[0], e1 = x[2], e2 = x[4], e3 = x[6], o0 = x[1], o1 = x[3], o2 = x[5], o3 = x[7];
    dft4(&e0, &e1, &e2, &e3);
    dft4(&o0, &o1, &o2, &o3);
    o1 = (C){(o1.re + o1.im) * half, (o1.im - o1.re) * half};
    o2 = down(o2);
    o3 = (C){(o3.im - o3.re) * half, (o3.re + o3.im) * -half};
    x[0] = add(e0, o0); x[4] = less(e0, o0);
    x[1] = add(e1, o1); x[5] = less(e1, o1);
    x[2] = add(e2, o2); x[6] = less(e2, o2);
    x[3] = add(e3, o3); x[7] = less(e3, o3);
}

INLINE void stage(const C *x, C *y, int length, int stride, const double (*twiddle)[2]) {
    int groups = length / 8, step = HALF / length;
    for (int p = 0; p < groups; p++)
        for (int q = 0; q < stride; q++) {
            C a[8];
            for (int k = 0; k < 8; k++) a[k] = x[q + stride * (p + groups * k)];
            dft8(a);
            y[q + stride * 8 * p] = a[0];
            for (int j = 1; j < 8; j++)
                y[q + stride * (8 * p + j)] = times(a[j], twiddle[p * j * step]);
        }
}

INLINE void rounded(float *to, D x) {
    HalfV y = __builtin_convertvector(x, HalfV);
    memcpy(to, &y, sizeof y);
}

/* Power of 513 bins from 512 pairs of samples, each pair as one complex number; spends both. */
INLINE void power_of(C *a, C *b, float (*power)[LANES], const Tables *t) {
    stage(a, b, 512, 1, t->twiddle);
    stage(b, a, 64, 8, t->twiddle);
    stage(a, b, 8, 64, t->twiddle);
    D sum = b[0].re + b[0].im, difference = b[0].re - b[0].im;
    rounded(power[0], sum * sum);
    rounded(power[HALF], difference * difference);
    for (int k = 1; k <= HALF / 2; k++) {
        C z = b[k], w = b[HALF - k];
        C even = {z.re + w.re, z.im - w.im}, odd = {z.im + w.im, w.re - z.re};
        C turned = times(odd, t->split[k]), x = add(even, turned), y = less(even, turned);
        rounded(power[k], (x.re * x.re + x.im * x.im) * 0.25);
        rounded(power[HALF - k], (y.re * y.re + y.im * y.im) * 0.25);
    }
}

/* ---- The features of a frame ----------------------------------------------------------------- */

INLINE void pitch(const V *levels, V *out, const Tables *t) {
    V low = levels[0], high = levels[CUT_BANDS];
    for (int i = 1; i < CUT_BANDS; i++) low = larger(low, levels[i]);
    for (int i = CUT_BANDS + 1; i < RIPPLE_BANDS; i++) high = larger(high, levels[i]);
    V lifted[RIPPLE_BANDS], ripple[RIPPLES], fit[CANDIDATES];
    V floor = larger(low, high) - t->ripple_range;
    for (int i = 0; i < RIPPLE_BANDS; i++) lifted[i] = larger(levels[i], floor);
    product(lifted, RIPPLE_BANDS, t->cosines, RIPPLES, ripple);
    V believed = smaller(larger((low - high) / t->cut_range + 1.0f, all(0)), all(1));
    for (int i = 0; i < DOUBTED; i++) ripple[i] *= believed;
    product(ripple, RIPPLES, t->combs, CANDIDATES, fit);
    V size = all(0);
    for (int i = 0; i < RIPPLES; i++) size += ripple[i] * ripple[i];
    size = larger(root(size), all(t->least_ripple));
    V best = fit[0];
    for (int i = 1; i < CANDIDATES; i++) best = larger(best, fit[i]);
    V per_size = 1.0f / size, weight = all(0), sum = all(0);
    for (int i = 0; i < CANDIDATES; i++) {
        V likely = exponential((fit[i] - best) * per_size);
        weight += likely;
        sum += likely * t->semitones[i];
    }
    V salience = best * per_size * t->rivalry, found = sum / weight;
    V voicing = larger(salience - (t->least_salience - t->least_voicing), all(t->least_voicing));
    out[SALIENCE] = salience;
    out[SALIENCE_SQUARED] = salience * salience;
    out[VOICING] = voicing;
    out[VOICED_PITCH] = voicing * found;
    out[VOICED_PITCH_SQUARED] = voicing * found * found;
}

INLINE void contrast(const V *power, V *out, const Tables *t) {
    for (int band = 0; band < CONTRAST; band++) {
        const int32_t first = t->bands[band][0], end = t->bands[band][1], tail = t->bands[band][2];
        V lowest[LONGEST_TAIL], highest[LONGEST_TAIL];
        for (int k = 0; k < tail; k++) lowest[k] = all(3.4e38f), highest[k] = all(-1);
        for (int i = first; i < end; i++) {
            V up = power[i], fall = power[i];
            for (int k = 0; k < tail; k++) {
                V kept = smaller(up, lowest[k]);
                up = larger(up, lowest[k]);
                lowest[k] = kept;
                kept = larger(fall, highest[k]);
                fall = smaller(fall, highest[k]);
                highest[k] = kept;
            }
        }
        V valley = all(0), peak = all(0);
        for (int k = 0; k < tail; k++) valley += root(lowest[k]), peak += root(highest[k]);
        V least = all(t->amin);
        peak = logarithm(larger(peak / (float)tail, least));
        out[band] = t->decibels * (peak - logarithm(larger(valley / (float)tail, least)));
    }
}

INLINE void features_of(const V *power, V *out, const Tables *t) {
    V levels[MEL], loudest = all(-1e30f);
    const float *weight = t->mel_weights;
    for (int m = 0; m < MEL; m++) {
        V band = all(0);
        const V *bins = power + t->mel_bins[m][0];
        for (int i = 0; i < t->mel_bins[m][1]; i++) band += bins[i] * *weight++;
        out[AT_MEL + m] = band;
        levels[m] = logarithm(larger(band, all(t->amin)));
        loudest = larger(loudest, levels[m]);
    }
    product(levels, MEL, t->dct, MFCC, out);
    V floor = loudest - t->floor;
    for (int m = 0; m < MEL; m++) levels[m] = larger(levels[m], floor);
    product(levels, MEL, t->dct, MFCC, out + AT_FLOORED);
    pitch(levels, out + AT_PITCH, t);
    V classes[CHROMA], tonal[TONNETZ + 1], largest = all(t->tiniest);
    product(power, BINS, t->chroma, CHROMA, classes);
    for (int i = 0; i < CHROMA; i++) largest = larger(largest, classes[i]);
    for (int i = 0; i < CHROMA; i++) out[AT_CHROMA + i] = classes[i] / largest;
    product(out + AT_CHROMA, CHROMA, t->tonnetz, TONNETZ + 1, tonal);
    V sum = larger(tonal[TONNETZ], all(t->tiniest));
    for (int i = 0; i < TONNETZ; i++) out[AT_TONNETZ + i] = tonal[i] / sum;
    contrast(power, out + AT_CONTRAST, t);
}

/* Features, (count, 238), and energy, (count), of the frames that begin at 160 times `places`.
   Returns 1, or 0 where there is no such frame. */
PUBLIC int frames(const float *samples, int64_t size, const int64_t *places, int64_t count,
                  const Tables *t, float *features, double *energy) {
    for (int64_t i = 0; i < count; i++)
        if (places[i] < 0 || places[i] > (size - FRAME) / HOP || size < FRAME) return 0;
    /* Too much for the stack of some systems' threads. */
    static _Thread_local C a[HALF], b[HALF];
    static _Thread_local V power[BINS], out[FRAME_SIZE];
    for (int64_t done = 0; done < count; done += LANES) {
        const int lanes = count - done < LANES ? (int)(count - done) : LANES;
        for (int begin = 0; begin < lanes; begin += HALF_LANES) {
            const float *from[HALF_LANES];
            for (int lane = 0; lane < HALF_LANES; lane++) {
                /* Where there are no more frames, the last one once more. */
                const int known = begin + lane < lanes ? begin + lane : lanes - 1;
                from[lane] = samples + HOP * places[done + known];
            }
            D sums[4] = {{0}}; /* apart, so that few have to wait for the one before */
            for (int i = 0; i < FRAME; i++) {
                D sample;
                for (int lane = 0; lane < HALF_LANES; lane++) sample[lane] = from[lane][i];
                ((D *)a)[i] = sample *= t->window[i];
                sums[i % 4] += sample * sample;
            }
            D sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
            for (int lane = 0; lane < HALF_LANES && begin + lane < lanes; lane++)
                energy[done + begin + lane] = sum[lane];
            power_of(a, b, (float (*)[LANES])((float *)(void *)power + begin), t);
        }
        features_of(power, out, t);
        for (int lane = 0; lane < lanes; lane++)
            for (int i = 0; i < FRAME_SIZE; i++)
                features[(done + lane) * FRAME_SIZE + i] = out[i][lane];
    }
    return 1;
}
