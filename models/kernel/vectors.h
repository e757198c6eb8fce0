/* LANES numbers at once, and what is done with them. */

#ifndef VECTORS_H
#define VECTORS_H

#include <math.h>

#include "layout.h"

#define INLINE static inline __attribute__((always_inline))

typedef float V __attribute__((vector_size(4 * LANES)));
typedef int32_t VI __attribute__((vector_size(4 * LANES)));

INLINE V pick(VI mask, V a, V b) { return (V)(((VI)a & mask) | ((VI)b & ~mask)); }
INLINE V larger(V a, V b) { return pick(a > b, a, b); }
INLINE V smaller(V a, V b) { return pick(a < b, a, b); }
INLINE V all(float x) { return x - (V){0}; }
INLINE V root(V x) {
    for (int i = 0; i < LANES; i++) x[i] = sqrtf(x[i]);
    return x;
}

/* Natural logarithm of what is positive and normal (logf of Moshier's Cephes library). */
INLINE V logarithm(V x) {
    VI bits = (VI)x, exponent = (bits >> 23) - 126;
    V m = (V)((bits & 0x007fffff) | 0x3f000000);
    VI low = m < 0.70710678f;
    exponent += low;
    m = m + (V)((VI)m & low) - 1.0f;
    V e = __builtin_convertvector(exponent, V), z = m * m;
    V p = all(7.0376836292e-2f);
    p = p * m - 1.1514610310e-1f; p = p * m + 1.1676998740e-1f; p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f; p = p * m - 1.6668057665e-1f; p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f; p = p * m + 3.3333331174e-1f;
    return m + (m * z * p - e * 2.12194440e-4f - 0.5f * z) + e * 0.693359375f;
}

/* Exponential of what is not positive (expf of the same). */
INLINE V exponential(V x) {
    x = larger(x, all(-87.0f));
    V n = (x * 1.44269504f + 12582912.0f) - 12582912.0f; /* rounded */
    x = x - n * 0.693359375f + n * 2.12194440e-4f;
    V p = all(1.9875691500e-4f);
    p = p * x + 1.3981999507e-3f; p = p * x + 8.3334519073e-3f; p = p * x + 4.1665795894e-2f;
    p = p * x + 1.6666665459e-1f; p = p * x + 5.0000001201e-1f;
    return (p * x * x + x + 1.0f) * (V)((__builtin_convertvector(n, VI) + 127) << 23);
}

#endif
