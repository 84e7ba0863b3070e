/* Between the memories: operands staged for a kernel, sums fetched and stored, results stored. */
#ifndef ISCHED_STAGING_H
#define ISCHED_STAGING_H

#include "isched_layers.h"

/* A pass over results: whether sums begin with it or become words after it, and where they lie in the meantime. */
typedef struct {
    const isched_layer_t *layer;
    isched_regions_t regions;
    uint8_t is_first;
    uint8_t is_last;
} isched_pass_t;

static inline uint16_t isched_least(uint16_t one, uint16_t other)
{
    return (one < other) ? one : other;
}

/* The length of a vector of so many words. */
static inline uint16_t isched_lanes(uint16_t words)
{
    return (uint16_t)((uint16_t)((uint16_t)(words + ISCHED_VECTOR - 1U) / ISCHED_VECTOR) * ISCHED_VECTOR);
}

/* Places in volatile memory for a tile's operands and, by their slot, for its results. */
void isched_place_tile(isched_tile_t *tile, uint16_t slot);

/* Input elements of a tile with their halo, of all sources; pixels of a whole map that is pooled. */
void isched_fetch_inputs(const isched_tile_t *tile);
void isched_fetch_pixels(const isched_tile_t *tile);

void isched_fetch_weights(const isched_tile_t *tile);

/* New sums, which begin with a bias if the layer has one; sums of an earlier pass. */
void isched_start_sums(const isched_tile_t *tile);
void isched_fetch_sums(const isched_tile_t *tile, const isched_pass_t *pass);

/* Sums, or after the last pass results. */
void isched_store(const isched_tile_t *tile, const isched_pass_t *pass);

#endif
