/* Bytes: rows through the encoder and the decoder. */

#ifndef SELFD_BYTES
#define SELFD_BYTES

#include "model.h"

/* Args: x: (rows, D), changed. windows: per layer (rows + 3, D), or (rows, 4, D) where `apart`,
   the first three of which are filled; the rest is filled here. */
static void run_blocks(const Model *model, const Block *blocks, int layers, int rows, int apart, float *x,
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
EXPORT(selfd_encode)(const Model *model, int rows, int apart, float *x, float *windows, float *pooled) {
    run_blocks(model, model->encoder, model->encoder_layers, rows, apart, x, windows);
    for (int64_t at = 0; at < (int64_t)rows * model->width; at += model->width)
        normalise(x + at, model->pooled_gain, model->width, pooled + at);
}

/* Run the decoder and the head.   Args: normal: (rows, D), logits: (rows, 256), both filled. */
EXPORT(selfd_decode)(const Model *model, int rows, int apart, float *x, float *windows, float *normal,
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

#endif
