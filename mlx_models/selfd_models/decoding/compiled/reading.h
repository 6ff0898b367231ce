/* Single bytes: hashed contexts, what followed them before, and the row that is looked up for them.
   To the integer what features.py says, from which masks, salts and tables come. */

#ifndef SELFD_READING
#define SELFD_READING

#include "arithmetic.h"

#define NGRAMS 4
#define TABLES 6   /* the n-grams, and the word so far by itself and with the one before */
#define RECALLS 3
#define BYTES 256u
#define NOTHING (4 * BYTES)
#define TAG_BITS 16

typedef struct {
    int32_t width, table_bits, recall_bits;
    const uint64_t *masks, *salts;  /* (TABLES + RECALLS,) */
    const uint64_t *letters;  /* (256,), what a letter adds to its word's hash; 0 for no letter */
    const float *bytes, *tables, *recalls;  /* (.., D), (TABLES, rows, D / TABLES), (RECALLS, .., D / RECALLS) */
} Embedding;

/* What is remembered of a text, a value, but for the table of what followed each context. */
typedef struct {
    uint64_t packed, word, before, second, begun, contexts[RECALLS];
    uint64_t copied;  /* the byte that followed twice or more in a row, or 256 */
    uint64_t places[RECALLS], overwritten[RECALLS];  /* of the table, by the last byte */
} Read;

static const uint64_t MIX = 0x9E3779B97F4A7C15u, WORD = 0xD1342543DE82EF95u;

/* Give the word hashes' keys: of the word so far, and of it with the one before. */
static void read_words(const Embedding *p, int byte, Read *now, uint64_t *single, uint64_t *pair) {
    if (p->letters[byte]) {
        now->word = now->word * WORD + p->letters[byte];
        *single = now->word;
        *pair = now->word * WORD + now->before;
        return;
    }
    if (now->word) now->second = now->before, now->before = now->word, now->word = 0;
    *single = now->before * WORD + (uint64_t)byte;
    *pair = (now->before * WORD + now->second) * WORD + (uint64_t)byte;
}

/* Note in the table that `byte` followed the last contexts, and how often in a row. */
static void note(const Embedding *p, int byte, Read *now, uint32_t *follows) {
    for (int order = 0; order < RECALLS; order++) {
        now->places[order] = order, now->overwritten[order] = follows[order];
        if (!now->begun) continue;
        uint32_t context = (uint32_t)now->contexts[order], tag = context & 0xFFFF;
        uint32_t place = (uint32_t)order << p->recall_bits | context >> TAG_BITS;
        uint32_t known = follows[place] ^ tag << TAG_BITS;  /* large unless the context owns the place */
        uint32_t run = (uint32_t)byte;
        if (known < NOTHING && (known & 0xFF) == (uint32_t)byte)
            run = known + BYTES < 3 * BYTES + run ? known + BYTES : 3 * BYTES + run;
        now->places[order] = place, now->overwritten[order] = follows[place];
        follows[place] = tag << TAG_BITS | run;
    }
}

/* Read a byte.   Args: last, now: (sizeof(Read) / 8,), the second filled. follows: the table, changed.
   row: (D,), filled. */
EXPORT(selfd_read)(const Embedding *p, int byte, const Read *last, Read *now, uint32_t *follows, float *row) {
    uint64_t keys[TABLES + RECALLS];
    *now = *last;
    note(p, byte, now, follows);
    now->begun = 1;
    now->packed = now->packed << 8 | (uint64_t)byte;
    for (int lane = 0; lane < TABLES + RECALLS; lane++) keys[lane] = now->packed & p->masks[lane];
    read_words(p, byte, now, keys + NGRAMS, keys + NGRAMS + 1);
    for (int lane = 0; lane < TABLES + RECALLS; lane++) {
        uint64_t mixed = (keys[lane] ^ p->salts[lane]) * MIX;
        mixed ^= mixed >> 29;
        keys[lane] = mixed * MIX;
    }
    int part = p->width / TABLES;
    for (int table = 0; table < TABLES; table++) {
        int64_t at = (int64_t)table << p->table_bits | (int64_t)(keys[table] >> (64 - p->table_bits));
        for (int i = 0; i < part; i++)
            row[table * part + i] = p->bytes[byte * p->width + table * part + i] + p->tables[at * part + i];
    }
    part = p->width / RECALLS;
    for (int order = 0; order < RECALLS; order++) {
        uint32_t context = (uint32_t)(keys[TABLES + order] >> (64 - p->recall_bits - TAG_BITS));
        uint32_t known = follows[(uint32_t)order << p->recall_bits | context >> TAG_BITS] ^ (context & 0xFFFF) << TAG_BITS;
        known = known < NOTHING ? known : NOTHING;
        now->contexts[order] = context;
        now->copied = known >= BYTES && known < NOTHING ? known & 0xFF : BYTES;
        const float *recalled = p->recalls + ((int64_t)order * (NOTHING + 1) + known) * part;
        for (int i = 0; i < part; i++) row[order * part + i] += recalled[i];
    }
}

#endif
