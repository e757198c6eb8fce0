/* A network that knows a voice, compiled: what `models.listener`, `models.preprocess`,
   `models.baseline` and `models.network` do in numpy. */

#include <math.h>
#include <string.h>

#include "layout.h"

/* What Python tells: `models.kernel.tables` has the same fields. */
typedef struct {
    const double *mean, *anyone, *least, *relevance; /* (193) each */
    double prior_weight, variance_prior_weight, stranger_share, bound, maturity_scale;
    int64_t maturity_place;
} Preprocessing;

typedef struct {
    const float *weight, *bias; /* (width, units), (units) */
    int64_t width, units;
} Layer;

static double within(double value, double low, double high) {
    return value < low ? low : value > high ? high : value;
}

/* Mean and deviation of a voice that so much is known of, held to the population. */
static void blend(const Preprocessing *p, double weight, const double *mean, const double *variance,
                  double *blended, double *scale) {
    const double share = weight / (weight + p->prior_weight);
    const double variance_share = weight / (weight + p->variance_prior_weight);
    for (int i = 0; i < FEATURES; i++) {
        blended[i] = p->mean[i] + share * (mean[i] - p->mean[i]);
        scale[i] = sqrt((1 - variance_share) * p->anyone[i] + variance_share * variance[i]
                        + p->least[i]);
    }
}

static void standardise(const Preprocessing *p, double weight, const double *mean,
                        const double *scale, const double *levelled, float *inputs) {
    const double share = weight / (weight + p->prior_weight);
    for (int i = 0; i < FEATURES; i++) {
        const double apart = (levelled[i] - mean[i]) / scale[i];
        inputs[i] = (float)(within(apart, -p->bound, p->bound) * p->relevance[i]);
    }
    inputs[p->maturity_place] = (float)(p->maturity_scale * (2 * share - 1));
}

/* Adds to the sums of two rows what four of their inputs give: the weights are read once. */
static void add(const float *restrict x, const float *restrict y, const float *restrict a,
                int64_t units, float *restrict to_x, float *restrict to_y) {
    const float *restrict b = a + units, *restrict c = b + units, *restrict d = c + units;
    for (int64_t j = 0; j < units; j++) {
        to_x[j] += x[0] * a[j] + x[1] * b[j] + x[2] * c[j] + x[3] * d[j];
        to_y[j] += y[0] * a[j] + y[1] * b[j] + y[2] * c[j] + y[3] * d[j];
    }
}

static void layer(const Layer *l, const float *x, const float *y, int rectified, float *to_x,
                  float *to_y) {
    for (int64_t j = 0; j < l->units; j++) to_x[j] = to_y[j] = l->bias[j];
    int64_t i = 0;
    for (; i + 4 <= l->width; i += 4)
        add(x + i, y + i, l->weight + i * l->units, l->units, to_x, to_y);
    for (; i < l->width; i++)
        for (int64_t j = 0; j < l->units; j++) {
            to_x[j] += x[i] * l->weight[i * l->units + j];
            to_y[j] += y[i] * l->weight[i * l->units + j];
        }
    for (int64_t j = 0; rectified && j < l->units; j++) {
        to_x[j] = to_x[j] > 0 ? to_x[j] : 0;
        to_y[j] = to_y[j] > 0 ? to_y[j] : 0;
    }
}

/* Logits, (count, outputs), and what the first layer makes, (count, its units), of levelled
   vectors, (count, 193); `scratch` holds four times the units of the widest layer. */
PUBLIC void heard(const Preprocessing *p, const Layer *layers, int64_t depth,
                  const double *levelled, int64_t count, const double *mean,
                  const double *variance, double weight, float *scratch, int64_t widest,
                  double *logits, float *hidden) {
    double known[FEATURES], known_scale[FEATURES], stranger_scale[FEATURES];
    blend(p, weight, mean, variance, known, known_scale);
    for (int i = 0; i < FEATURES; i++) stranger_scale[i] = sqrt(p->anyone[i] + p->least[i]);
    const double share = weight > 0 ? p->stranger_share : 0;
    const int64_t units = layers[0].units, outputs = layers[depth - 1].units;
    for (int64_t row = 0; row < count; row++, levelled += FEATURES) {
        float inputs[2][FEATURES];
        standardise(p, weight, known, known_scale, levelled, inputs[0]);
        standardise(p, 0, p->mean, stranger_scale, levelled, inputs[1]);
        const float *x = inputs[0], *y = inputs[1];
        for (int64_t k = 0; k < depth; k++) {
            float *to = scratch + k % 2 * 2 * widest;
            layer(layers + k, x, y, k + 1 < depth, to, to + widest);
            x = to, y = to + widest;
            if (k == 0) memcpy(hidden + row * units, x, (size_t)units * sizeof *x);
        }
        for (int64_t j = 0; j < outputs; j++)
            logits[row * outputs + j] = x[j] + share * ((double)y[j] - x[j]);
    }
}

/* Let a running mean and variance, both (193), take in one levelled vector, drawn in to the bound
   around what is known, that brings so much evidence. */
PUBLIC void learn(const Preprocessing *p, const double *levelled, double evidence, double *mean,
                  double *variance, double weight) {
    double known[FEATURES], scale[FEATURES];
    blend(p, weight, mean, variance, known, scale);
    const double share = evidence / (weight + evidence);
    for (int i = 0; i < FEATURES; i++) {
        const double far = p->bound * scale[i];
        const double deviation = within(levelled[i], known[i] - far, known[i] + far) - mean[i];
        mean[i] += share * deviation;
        variance[i] = (1 - share) * (variance[i] + share * deviation * deviation);
    }
}
