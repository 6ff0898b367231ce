/* Vectors, and matrices of 4 bits: what every layer is made of. */

#ifndef SELFD_ARITHMETIC
#define SELFD_ARITHMETIC

#include <math.h>
#include <stdint.h>
#include <string.h>

/* The widest vector of the processor that this is compiled for, in floats. */
#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#else
#define LANES 4
#endif
#define FILL 16   /* outputs are filled up to a multiple of this */
#define BLOCK 64  /* outputs that stay in registers while the inputs go by */
#define PER_WORD 8
#define GROUP 32  /* inputs that share a scale and a bias (quantise.py) */
#define GROUP_ROWS (GROUP / PER_WORD + 2)

/* One library holds a form for each kind of processor; forms.c says which is for this one. */
#ifndef FORM
#define FORM _plain
#endif
#define JOINED(name, form) name##form
#define NAMED(name, form) JOINED(name, form)
#define EXPORT(name) __attribute__((visibility("default"))) void NAMED(name, FORM)
#define INLINE static inline __attribute__((always_inline))

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4)));
typedef int32_t integers __attribute__((vector_size(4 * LANES)));
typedef uint32_t words __attribute__((vector_size(4 * LANES), aligned(4)));

/* (inputs, outputs), in the order in which it is read: BLOCK outputs after BLOCK outputs, of each all
   inputs, the last block narrower. Either floats, or of 4 bits: then for each group of 32 inputs
   four rows of words, a row of scales and one of biases, w = scale * q + bias; word (j, o) holds
   inputs 8 j to 8 j + 7 of output o, the first lowest. */
typedef struct {
    int32_t inputs, filled;  /* filled: outputs up to a multiple of FILL */
    const uint32_t *packed;
    const float *floats;
} Matrix;

/* A block of outputs, `wide` times LANES. A nibble is not moved down before it becomes a float: what it
   stands too high by, 16^k, was taken from its input.

   Args: x: (inputs,), each times 16^-k for its place k in the word; of the last place itself.
   sums: of each group's inputs. */
INLINE void multiply_packed(const uint32_t *packed, int inputs, const float *x, const float *sums, float *y,
                            const int wide) {
    lanes total[BLOCK / LANES] = {0};
    const int row = wide * LANES;
    for (int group = 0; group < inputs / GROUP; group++) {
        lanes sum[BLOCK / LANES] = {0};
        for (int j = 0; j < GROUP / PER_WORD; j++, packed += row, x += PER_WORD) {
            for (int k = 0; k < PER_WORD - 1; k++)
                for (int b = 0; b < wide; b++) {
                    integers level = (integers)(*(const words *)(packed + b * LANES) & (15u << 4 * k));
                    sum[b] += x[k] * __builtin_convertvector(level, lanes);
                }
            for (int b = 0; b < wide; b++) {
                integers level = (integers)(*(const words *)(packed + b * LANES) >> 4 * (PER_WORD - 1));
                sum[b] += x[PER_WORD - 1] * __builtin_convertvector(level, lanes);
            }
        }
        const float *scales = (const float *)packed;
        for (int b = 0; b < wide; b++) {
            total[b] += *(const lanes *)(scales + b * LANES) * sum[b];
            total[b] += *(const lanes *)(scales + row + b * LANES) * sums[group];
        }
        packed += 2 * row;
    }
    for (int b = 0; b < wide; b++) *(lanes *)(y + b * LANES) = total[b];
}

INLINE void multiply_floats(const float *floats, int inputs, const float *x, float *y, const int wide) {
    lanes total[BLOCK / LANES] = {0};
    for (int i = 0; i < inputs; i++, floats += wide * LANES)
        for (int b = 0; b < wide; b++) total[b] += x[i] * *(const lanes *)(floats + b * LANES);
    for (int b = 0; b < wide; b++) *(lanes *)(y + b * LANES) = total[b];
}

INLINE void multiply_block(const Matrix *m, int at, const float *x, const float *sums, float *y, const int wide) {
    int64_t rows = m->packed ? m->inputs / GROUP * GROUP_ROWS : m->inputs;
    if (m->packed) multiply_packed(m->packed + at * rows, m->inputs, x, sums, y + at, wide);
    else multiply_floats(m->floats + at * rows, m->inputs, x, y + at, wide);
}

/* y = x W.   Args: x: (inputs,). y: room for `filled`. */
static void multiply(const Matrix *m, const float *x, float *y) {
    static const float places[PER_WORD] = {1.0f, 0x1p-4f, 0x1p-8f, 0x1p-12f, 0x1p-16f, 0x1p-20f, 0x1p-24f, 1.0f};
    float placed[m->inputs], sums[m->inputs / GROUP + 1];
    if (m->packed) {
        for (int group = 0; group < m->inputs / GROUP; group++) {
            float sum = 0.0f;
            for (int i = group * GROUP; i < (group + 1) * GROUP; i++) sum += x[i];
            sums[group] = sum;
        }
        for (int i = 0; i < m->inputs; i++) placed[i] = x[i] * places[i % PER_WORD];
        x = placed;
    }
    int at = 0;
    for (; at + BLOCK <= m->filled; at += BLOCK) multiply_block(m, at, x, sums, y, BLOCK / LANES);
    switch ((m->filled - at) / FILL) {
        case 3: multiply_block(m, at, x, sums, y, 3 * FILL / LANES); break;
        case 2: multiply_block(m, at, x, sums, y, 2 * FILL / LANES); break;
        case 1: multiply_block(m, at, x, sums, y, FILL / LANES); break;
    }
}

/* `multiply` for a test of its own. */
EXPORT(selfd_multiply)(const Matrix *m, const float *x, float *y) { multiply(m, x, y); }

/* y = the sum of the rows of W whose input fired: event-driven, only those are read. */
static void add_fired(const Matrix *m, const float *fired, float *y) {
    memset(y, 0, sizeof(float) * m->filled);
    int64_t rows = m->packed ? m->inputs / GROUP * GROUP_ROWS : m->inputs;
    for (int at = 0, row; at < m->filled; at += row) {
        row = m->filled - at < BLOCK ? m->filled - at : BLOCK;
        for (int i = 0; i < m->inputs; i++) {
            if (fired[i] == 0.0f) continue;
            if (!m->packed) {
                const float *own = m->floats + at * rows + (int64_t)i * row;
                for (int o = 0; o < row; o++) y[at + o] += own[o];
                continue;
            }
            const uint32_t *group = m->packed + at * rows + (int64_t)(i / GROUP) * GROUP_ROWS * row;
            const uint32_t *own = group + i % GROUP / PER_WORD * row;
            const float *scales = (const float *)(group + (GROUP_ROWS - 2) * row);
            int shift = 4 * (i % PER_WORD);
            for (int o = 0; o < row; o++)
                y[at + o] += scales[o] * (float)(int32_t)((own[o] >> shift) & 15) + scales[row + o];
        }
    }
}

INLINE float dot(const float *x, const float *y, int size) {
    lanes sums = {0};
    int at = 0;
    for (; at + LANES <= size; at += LANES) sums += *(const lanes *)(x + at) * *(const lanes *)(y + at);
    float total = 0.0f;
    for (int i = 0; i < LANES; i++) total += sums[i];
    for (; at < size; at++) total += x[at] * y[at];
    return total;
}

/* What scales a vector to unit mean square. */
INLINE float inverse_rms(const float *x, int size) {
    return 1.0f / sqrtf(dot(x, x, size) / (float)size + 1e-6f);
}

INLINE void normalise(const float *x, const float *gain, int size, float *y) {
    float scale = inverse_rms(x, size);
    if (gain)
        for (int i = 0; i < size; i++) y[i] = x[i] * scale * gain[i];
    else
        for (int i = 0; i < size; i++) y[i] = x[i] * scale;
}

/* e^x to one unit in the last place (Cephes expf); written so that loops over it become wide. */
INLINE float exponential(float x) {
    x = x < -87.0f ? -87.0f : x;
    x = x > 88.0f ? 88.0f : x;
    float whole = (x * 1.44269504088896341f + 12582912.0f) - 12582912.0f;
    float rest = x - whole * 0.693359375f + whole * 2.12194440e-4f;
    float sum = 1.9875691500e-4f;
    sum = sum * rest + 1.3981999507e-3f;
    sum = sum * rest + 8.3334519073e-3f;
    sum = sum * rest + 4.1665795894e-2f;
    sum = sum * rest + 1.6666665459e-1f;
    sum = sum * rest + 5.0000001201e-1f;
    sum = sum * rest * rest + rest + 1.0f;
    int32_t bits = ((int32_t)whole + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}

INLINE float sigmoid(float x) { return 1.0f / (1.0f + exponential(-x)); }

INLINE float softplus(float x) { return (x > 0.0f ? x : 0.0f) + log1pf(exponential(x > 0.0f ? -x : x)); }

INLINE void relu_squared(float *x, int size) {
    for (int i = 0; i < size; i++) {
        float over = x[i] > 0.0f ? x[i] : 0.0f;
        x[i] = over * over;
    }
}

/* y = relu(x up)^2 down.   Args: hidden: room for what lies between. */
INLINE void feed_forward(const Matrix *up, const Matrix *down, const float *x, float *hidden, float *y) {
    multiply(up, x, hidden);
    relu_squared(hidden, up->filled);
    multiply(down, hidden, y);
}

#endif
