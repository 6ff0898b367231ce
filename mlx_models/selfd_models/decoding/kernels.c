/* The byte hybrid row by row and patch by patch: what numpy_engine.py says, in one call each.

   kernel_weights.py lays the weights out, compiled_engine.py calls; the tests hold it against the
   layers as they are written. A row's arithmetic knows nothing of other rows, so
   that it is the same to the bit alone and in a tile. Nothing is allocated and nothing is kept:
   scratch lies on the stack of a call, `Model.scratch` floats for each vector.
   Letters: D byte width, E latent width, C state-space channels, N state size, H heads, S spiking
   neurons, L liquid channels, V key heads, W head width, P the window. */

#include <math.h>
#include <stdint.h>
#include <string.h>

#define TAPS 4
#define LANES 16  /* outputs worked out together; every matrix is filled up to a multiple */
#define BLOCK 64  /* outputs that stay in registers while the inputs go by */
#define PER_WORD 8
#define GROUP 32  /* inputs that share a scale and a bias (quantise.py) */
#define GROUP_ROWS (GROUP / PER_WORD + 2)
#define MOST_EXPERTS 64

/* One file serves every x86 processor: the loader picks the widest form that this one has. */
#if defined(__x86_64__) && defined(__GLIBC__)
#define WIDE __attribute__((noinline, target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define WIDE __attribute__((noinline))
#endif
#define EXPORT WIDE __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4)));
typedef int32_t integers __attribute__((vector_size(4 * LANES)));
typedef uint32_t words __attribute__((vector_size(4 * LANES), aligned(4)));

/* (inputs, outputs), in the order in which it is read: BLOCK outputs after BLOCK outputs, of each all
   inputs, the last block narrower. Either floats, or of 4 bits: then for each group of 32 inputs
   four rows of words, a row of scales and one of biases, w = scale * q + bias; word (j, o) holds
   inputs 8 j to 8 j + 7 of output o, the first lowest. */
typedef struct {
    int32_t inputs, outputs, filled;  /* filled: outputs up to a multiple of LANES */
    const uint32_t *packed;
    const float *floats;
} Matrix;

typedef struct {
    const float *conv;  /* (TAPS, D), oldest first, times the gain */
    Matrix up, down;
} Block;

typedef struct {
    const float *gain;
    Matrix state_in;  /* to C + (C + 2 N) + H: gate; what is convolved, u, B, C; step */
    const float *conv;  /* (TAPS, C + 2 N), oldest first */
    const float *decay, *step, *skip, *state_gain;  /* (H,) three times, (C,) */
    Matrix state_out, spike_in;
    const float *leak, *threshold;  /* (S,) */
    Matrix spike_out, forget, target;
    const float *rate, *amplitude;  /* (L,) */
    Matrix liquid_out, gate_down, gate_up;
    const float *gate_scale;  /* (3, E) */
    const float *experts_gain;
    Matrix router;
    const float *bias;
    const Matrix *up, *down;  /* one per expert */
    Matrix shared_up, shared_down;
} Hybrid;

typedef struct {
    const float *gain;
    Matrix query, key, value;
    const float *query_gain, *key_gain, *speeds;  /* (W,) twice, (W / 2,) */
    Matrix out;
    const float *dense_gain;
    Matrix up, down;
} Attention;

typedef struct {
    int32_t width, deep, encoder_layers, decoder_layers;
    const Block *encoder, *decoder;
    const float *pooled_gain, *head_gain;
    Matrix head, patch;
    const float *length;  /* (lengths, E) */
    const float *context_gain;
    Matrix context;
    int32_t layers, core_first, core_after;
    const int32_t *attends;   /* per layer: whether it is an attention layer */
    const int32_t *place;     /* per layer: where it stands among those of its kind */
    const Hybrid *hybrids;
    const Attention *attentions;
    const float *gamma;
    int32_t channels, size, heads, spiking, liquid, experts;
    int32_t query_heads, key_heads, head_width, window, room;  /* room: patches a cache holds */
    float typical_patch;
    int32_t scratch;  /* floats of the widest vector */
} Model;

/* The SHA-256 of this file: a library of another source is not used. */
#ifndef SOURCE
#define SOURCE ""
#endif
__attribute__((visibility("default"))) const char *selfd_source = SOURCE;

/* ---- arithmetic */

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
static WIDE void multiply(const Matrix *m, const float *x, float *y) {
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
    switch ((m->filled - at) / LANES) {
        case 3: multiply_block(m, at, x, sums, y, 3); break;
        case 2: multiply_block(m, at, x, sums, y, 2); break;
        case 1: multiply_block(m, at, x, sums, y, 1); break;
    }
}

/* `multiply` for a test of its own. */
EXPORT void selfd_multiply(const Matrix *m, const float *x, float *y) { multiply(m, x, y); }

/* y = the sum of the rows of W whose input fired: event-driven, only those are read. */
static WIDE void add_fired(const Matrix *m, const float *fired, float *y) {
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

/* ---- bytes: rows through convolution blocks */

/* Args: x: (rows, D), changed. windows: per layer (rows + 3, D), or (rows, 4, D) where `apart`,
   the first three of which are filled; the rest is filled here. */
static WIDE void run_blocks(const Model *model, const Block *blocks, int layers, int rows, int apart, float *x,
                       float *windows) {
    int width = model->width;
    int64_t layer_size = (int64_t)(apart ? rows * TAPS : rows + TAPS - 1) * width;
    float mixed[model->scratch], hidden[model->scratch], added[model->scratch];
    for (int layer = 0; layer < layers; layer++, windows += layer_size)
        for (int row = 0; row < rows; row++) {
            const Block *block = blocks + layer;
            float *own = x + (int64_t)row * width;
            float *window = windows + (int64_t)(apart ? row * TAPS : row) * width;
            normalise(own, 0, width, window + (TAPS - 1) * width);
            for (int i = 0; i < width; i++) {
                float sum = 0.0f;
                for (int tap = 0; tap < TAPS; tap++) sum += window[tap * width + i] * block->conv[tap * width + i];
                mixed[i] = sum;
            }
            feed_forward(&block->up, &block->down, mixed, hidden, added);
            for (int i = 0; i < width; i++) own[i] += added[i];
        }
}

/* Run the encoder.   Args: x: (rows, D), changed. windows: see above. pooled: (rows, D), filled. */
EXPORT void selfd_encode(const Model *model, int rows, int apart, float *x, float *windows, float *pooled) {
    run_blocks(model, model->encoder, model->encoder_layers, rows, apart, x, windows);
    for (int64_t at = 0; at < (int64_t)rows * model->width; at += model->width)
        normalise(x + at, model->pooled_gain, model->width, pooled + at);
}

/* Run the decoder and the head.   Args: normal: (rows, D), logits: (rows, 256), both filled. */
EXPORT void selfd_decode(const Model *model, int rows, int apart, float *x, float *windows, float *normal,
                         float *logits) {
    int width = model->width;
    float scaled[model->scratch];
    run_blocks(model, model->decoder, model->decoder_layers, rows, apart, x, windows);
    for (int row = 0; row < rows; row++) {
        float *own = normal + (int64_t)row * width;
        normalise(x + (int64_t)row * width, 0, width, own);
        for (int i = 0; i < width; i++) scaled[i] = own[i] * model->head_gain[i];
        multiply(&model->head, scaled, logits + (int64_t)row * model->head.filled);
    }
}

/* ---- patches: the latent's layers */

/* Where a hybrid layer's state lies: ring (3, C + 2 N), memory (C, N), potential, fired (S,),
   liquid (L,), one after the other. */
INLINE int state_size(const Model *model) {
    return (TAPS - 1) * (model->channels + 2 * model->size) + model->channels * model->size
         + 2 * model->spiking + model->liquid;
}

/* The state-space path (Mamba-2's recurrence).   Args: x: (E,), normalised. y: (E,), filled. */
static WIDE void remember(const Model *model, const Hybrid *p, const float *x, const float *ring, float *new_ring,
                     const float *memory, float *new_memory, float *y) {
    int channels = model->channels, size = model->size, wide = channels + 2 * size;
    int head = channels / model->heads;
    float all[model->scratch], driven[model->scratch], read[model->scratch];
    multiply(&p->state_in, x, all);
    const float *gate = all, *inner = all + channels, *step = all + channels + wide;
    memcpy(new_ring, ring + wide, sizeof(float) * (TAPS - 2) * wide);
    memcpy(new_ring + (TAPS - 2) * wide, inner, sizeof(float) * wide);
    for (int i = 0; i < wide; i++) {
        float sum = inner[i] * p->conv[(TAPS - 1) * wide + i];
        for (int tap = 0; tap < TAPS - 1; tap++) sum += ring[tap * wide + i] * p->conv[tap * wide + i];
        driven[i] = sum * sigmoid(sum);
    }
    const float *write = driven + channels, *query = driven + channels + size;
    for (int h = 0; h < model->heads; h++) {
        float taken = softplus(step[h] + p->step[h]), kept = exponential(taken * p->decay[h]);
        for (int c = h * head; c < (h + 1) * head; c++) {
            float drive = driven[c] * taken;
            const float *old = memory + (int64_t)c * size;
            float *new = new_memory + (int64_t)c * size;
            for (int n = 0; n < size; n++) new[n] = old[n] * kept + drive * write[n];
            read[c] = dot(new, query, size) + driven[c] * p->skip[h];
        }
    }
    for (int c = 0; c < channels; c++) read[c] *= gate[c] * sigmoid(gate[c]);
    normalise(read, p->state_gain, channels, read);
    multiply(&p->state_out, read, y);
}

/* The spiking path: leaky integrate and fire, reset by subtraction. */
static WIDE void spike(const Model *model, const Hybrid *p, const float *x, const float *potential, const float *fired,
                  float *new_potential, float *new_fired, float *y) {
    float current[model->scratch];
    multiply(&p->spike_in, x, current);
    for (int i = 0; i < model->spiking; i++) {
        float now = (potential[i] - current[i]) * p->leak[i] + current[i] - p->threshold[i] * fired[i];
        new_potential[i] = now;
        new_fired[i] = now > p->threshold[i] ? 1.0f : 0.0f;
    }
    add_fired(&p->spike_out, new_fired, y);
}

/* The liquid path, closed form; elapsed time is the patch's length. */
static WIDE void flow(const Model *model, const Hybrid *p, const float *x, float elapsed, const float *liquid,
                 float *new_liquid, float *y) {
    float forget[model->scratch], target[model->scratch];
    multiply(&p->forget, x, forget);
    multiply(&p->target, x, target);
    for (int i = 0; i < model->liquid; i++) {
        float kept = exponential(-elapsed * (softplus(forget[i]) + p->rate[i]));
        float pull = p->amplitude[i] * (2.0f * sigmoid(2.0f * target[i]) - 1.0f);
        new_liquid[i] = (liquid[i] - pull) * kept + pull;
    }
    multiply(&p->liquid_out, new_liquid, y);
}

/* Add the three paths to `x`, weighed channel by channel.   Args: paths: (3, scratch). */
static WIDE void fuse(const Model *model, const Hybrid *p, const float *normal, const float *paths, float *x) {
    int deep = model->deep;
    float rank[model->scratch], scores[model->scratch];
    multiply(&p->gate_down, normal, rank);
    multiply(&p->gate_up, rank, scores);
    float scale[3];
    for (int path = 0; path < 3; path++) scale[path] = inverse_rms(paths + path * model->scratch, deep);
    for (int i = 0; i < deep; i++) {
        float a = scores[i], b = scores[deep + i], c = scores[2 * deep + i];
        float top = a > b ? a : b;
        top = top > c ? top : c;
        a = exponential(a - top), b = exponential(b - top), c = exponential(c - top);
        float mixed = a * paths[i] * scale[0] * p->gate_scale[i]
                    + b * paths[model->scratch + i] * scale[1] * p->gate_scale[deep + i]
                    + c * paths[2 * model->scratch + i] * scale[2] * p->gate_scale[2 * deep + i];
        x[i] += mixed / (a + b + c);
    }
}

/* Add the experts' answer: the shared one's, and the best two of the others'. */
static WIDE void consult(const Model *model, const Hybrid *p, float *x) {
    int deep = model->deep, best = 0, second = -1;
    float normal[model->scratch], hidden[model->scratch], added[model->scratch];
    float scores[MOST_EXPERTS];
    normalise(x, p->experts_gain, deep, normal);
    multiply(&p->router, normal, scores);
    for (int i = 0; i < model->experts; i++) scores[i] = sigmoid(scores[i]);
    for (int i = 1; i < model->experts; i++)
        if (scores[i] + p->bias[i] > scores[best] + p->bias[best]) best = i;
    for (int i = 0; i < model->experts; i++)
        if (i != best && (second < 0 || scores[i] + p->bias[i] > scores[second] + p->bias[second])) second = i;
    feed_forward(&p->shared_up, &p->shared_down, normal, hidden, added);
    for (int i = 0; i < deep; i++) x[i] += added[i];
    int chosen[2] = {best, second};
    float total = scores[best] + scores[second];
    for (int at = 0; at < 2; at++) {
        feed_forward(p->up + chosen[at], p->down + chosen[at], normal, hidden, added);
        float weight = scores[chosen[at]] / total;
        for (int i = 0; i < deep; i++) x[i] += weight * added[i];
    }
}

INLINE void hybrid(const Model *model, const Hybrid *p, int length, const float *state, float *new, float *x) {
    int ring = (TAPS - 1) * (model->channels + 2 * model->size), memory = model->channels * model->size;
    int spiking = model->spiking, potential = ring + memory, liquid = potential + 2 * spiking;
    float normal[model->scratch], paths[3 * model->scratch];
    normalise(x, p->gain, model->deep, normal);
    remember(model, p, normal, state, new, state + ring, new + ring, paths);
    spike(model, p, normal, state + potential, state + potential + spiking, new + potential,
          new + potential + spiking, paths + model->scratch);
    flow(model, p, normal, (float)length / model->typical_patch, state + liquid, new + liquid,
         paths + 2 * model->scratch);
    fuse(model, p, normal, paths, x);
    consult(model, p, x);
}

/* Normalise a query or a key and turn it by its position (Su et al. 2021). */
INLINE void turn(const Model *model, const float *gain, const float *cosines, const float *sines, float *head) {
    int half = model->head_width / 2;
    float scale = inverse_rms(head, model->head_width);
    for (int i = 0; i < half; i++) {
        float left = head[i] * scale * gain[i], right = head[half + i] * scale * gain[half + i];
        head[i] = left * cosines[i] - right * sines[i];
        head[half + i] = left * sines[i] + right * cosines[i];
    }
}

/* Windowed attention and a dense layer.   Args: keys, values: (V, room, W), the first `used` filled. */
static WIDE void attend(const Model *model, const Attention *p, float *keys, float *values, int used, int patches,
                   float *x) {
    int deep = model->deep, width = model->head_width, half = width / 2;
    int64_t stride = (int64_t)model->room * width;
    float normal[model->scratch], queries[model->scratch], key[model->scratch], value[model->scratch];
    float read[model->scratch], cosines[half], sines[half], scores[model->window];
    for (int i = 0; i < half; i++) {
        float angle = p->speeds[i] * (float)patches;
        cosines[i] = cosf(angle), sines[i] = sinf(angle);
    }
    normalise(x, p->gain, deep, normal);
    multiply(&p->query, normal, queries);
    multiply(&p->key, normal, key);
    multiply(&p->value, normal, value);
    for (int h = 0; h < model->query_heads; h++) turn(model, p->query_gain, cosines, sines, queries + h * width);
    for (int v = 0; v < model->key_heads; v++) {
        turn(model, p->key_gain, cosines, sines, key + v * width);
        memcpy(keys + v * stride + (int64_t)used * width, key + v * width, sizeof(float) * width);
        memcpy(values + v * stride + (int64_t)used * width, value + v * width, sizeof(float) * width);
    }
    int seen = used + 1 < model->window ? used + 1 : model->window, first = used + 1 - seen;
    for (int h = 0; h < model->query_heads; h++) {
        int64_t own = h / (model->query_heads / model->key_heads) * stride + (int64_t)first * width;
        float top = -INFINITY, total = 0.0f;
        for (int at = 0; at < seen; at++) {
            scores[at] = dot(queries + h * width, keys + own + (int64_t)at * width, width);
            top = scores[at] > top ? scores[at] : top;
        }
        for (int at = 0; at < seen; at++) scores[at] = exponential(scores[at] - top);
        for (int at = 0; at < seen; at++) total += scores[at];
        memset(read + h * width, 0, sizeof(float) * width);
        for (int at = 0; at < seen; at++) {
            float weight = scores[at] / total;
            for (int i = 0; i < width; i++) read[h * width + i] += weight * values[own + (int64_t)at * width + i];
        }
    }
    multiply(&p->out, read, normal);
    for (int i = 0; i < deep; i++) x[i] += normal[i];
    normalise(x, p->dense_gain, deep, normal);
    feed_forward(&p->up, &p->down, normal, queries, read);
    for (int i = 0; i < deep; i++) x[i] += read[i];
}

typedef struct {
    const float *state;
    float *new, *keys, *values;
} Place;  /* where the next run of a layer finds its state */

INLINE void run_layers(const Model *model, int first, int after, int length, int used, int patches, Place *at,
                       float *x) {
    int64_t cache = (int64_t)model->key_heads * model->room * model->head_width;
    for (int layer = first; layer < after; layer++) {
        if (model->attends[layer]) {
            attend(model, model->attentions + model->place[layer], at->keys, at->values, used, patches, x);
            at->keys += cache, at->values += cache;
        } else {
            hybrid(model, model->hybrids + model->place[layer], length, at->state, at->new, x);
            at->state += state_size(model), at->new += state_size(model);
        }
    }
}

/* Take a patch in: the core's layers twice.

   Args: pooled: (2 D,). state, new: per run of a hybrid layer its state, the second filled. keys,
   values: per run of an attention layer (V, room, W), of which row `used` is filled. context:
   room for D filled up, what rows then see of the patch. */
EXPORT void selfd_step(const Model *model, int length, int used, int patches, const float *pooled,
                       const float *state, float *new, float *keys, float *values, float *context) {
    int deep = model->deep, first = model->core_first, after = model->core_after;
    float x[model->scratch], once[model->scratch], again[model->scratch];
    Place at = {state, new, keys, values};
    multiply(&model->patch, pooled, x);
    for (int i = 0; i < deep; i++) x[i] += model->length[(int64_t)length * deep + i];
    run_layers(model, 0, first, length, used, patches, &at, x);
    memcpy(once, x, sizeof(float) * deep);
    run_layers(model, first, after, length, used, patches, &at, once);
    for (int i = 0; i < deep; i++) again[i] = x[i] + once[i];
    run_layers(model, first, after, length, used, patches, &at, again);
    for (int i = 0; i < deep; i++) x[i] = once[i] + model->gamma[i] * (again[i] - once[i]);
    run_layers(model, after, model->layers, length, used, patches, &at, x);
    normalise(x, model->context_gain, deep, once);
    multiply(&model->context, once, context);
}
