/* Patches: the latent's layers, each with its state. Letters as in model.h; P the window. */

#ifndef SELFD_LATENT
#define SELFD_LATENT

#include "model.h"

#define MOST_EXPERTS 64

/* Where a hybrid layer's state lies: ring (3, C + 2 N), memory (C, N), potential, fired (S,),
   liquid (L,), one after the other. */
INLINE int state_size(const Model *model) {
    return (TAPS - 1) * (model->channels + 2 * model->size) + model->channels * model->size
         + 2 * model->spiking + model->liquid;
}

/* The state-space path (Mamba-2's recurrence).   Args: x: (E,), normalised. y: (E,), filled. */
static void remember(const Model *model, const Hybrid *p, const float *x, const float *ring, float *new_ring,
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
static void spike(const Model *model, const Hybrid *p, const float *x, const float *potential, const float *fired,
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
static void flow(const Model *model, const Hybrid *p, const float *x, float elapsed, const float *liquid,
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
static void fuse(const Model *model, const Hybrid *p, const float *normal, const float *paths, float *x) {
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
static void consult(const Model *model, const Hybrid *p, float *x) {
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
static void attend(const Model *model, const Attention *p, float *keys, float *values, int used, int patches,
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
EXPORT(selfd_step)(const Model *model, int length, int used, int patches, const float *pooled,
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

#endif
