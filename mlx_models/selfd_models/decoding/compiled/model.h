/* A model's weights as weights.py lays them out.

   Letters: D byte width, E latent width, C state-space channels, N state size, H heads, S spiking
   neurons, L liquid channels, V key heads, W head width. */

#ifndef SELFD_MODEL
#define SELFD_MODEL

#include "arithmetic.h"

#define TAPS 4

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

#endif
