/* Layers: the part of an emitted schedule that says what the atoms of a network do. */
#ifndef ISCHED_LAYERS_H
#define ISCHED_LAYERS_H

#include <stdint.h>

#include "isched_kernels.h"
#include "isched_port.h"

/* Which operand stays in volatile memory along a row of the loop nest. */
#define ISCHED_KEEPS_INPUT 0U
#define ISCHED_KEEPS_WEIGHT 1U
#define ISCHED_KEEPS_SUMS 2U

/* Each result channel is made of one input channel; a whole map is pooled; sums begin with a bias; has weights. */
#define ISCHED_IS_CHANNELWISE 1U
#define ISCHED_IS_POOLING 2U
#define ISCHED_HAS_BIAS 4U
#define ISCHED_HAS_WEIGHTS 8U
/* Results are sums in volatile memory until they are stored. */
#define ISCHED_ADDS_UP 16U

/* A layer: what it computes (the program's), how it is cut into tiles, and where its tensors lie (the plan's). */
struct isched_layer {
    const isched_kernel_t *kernel;
    const isched_word_t *activation; /* what each word becomes, least word first; NULL: nothing but clipping */
    const uint32_t *shares;          /* what each word counts for in a softmax */
    isched_offset_t weights;         /* its first weight of all weights */
    uint16_t numbers;                /* the first of its output channels among those of all layers with weights */
    uint16_t in_rows;
    uint16_t in_columns;
    uint16_t in_channels;
    uint16_t rows; /* of results; of the input, if a whole map is pooled */
    uint16_t columns;
    uint16_t outputs; /* of one group */
    uint16_t inputs;
    uint16_t groups;
    uint16_t out_channels; /* of the tensor that it writes, of which it fills those from first_channel */
    uint16_t first_channel;
    uint16_t kernel_rows;
    uint16_t kernel_columns;
    uint16_t row_stride;
    uint16_t column_stride;
    uint16_t row_dilation;
    uint16_t column_dilation;
    uint16_t top; /* padding */
    uint16_t left;
    uint16_t tile_rows;
    uint16_t tile_columns;
    uint16_t tile_outputs;
    uint16_t tile_inputs;
    uint16_t batch;
    uint16_t addresses; /* the first of its addresses: sources, the tensor that it writes, further regions */
    isched_word_t input_zero;
    isched_word_t zero;
    isched_word_t least; /* words are clipped */
    isched_word_t greatest;
    uint8_t sources;
    uint8_t regions; /* of its results, the tensor included */
    uint8_t order;
    uint8_t flags;
};

/* Layer number `number` in the order of the plan, and the number of atoms up to its end. */
void isched_layer(uint16_t number, isched_layer_t *layer);
isched_atom_t isched_layer_end(uint16_t number);

/* Where a tensor or a region lies, or the weights of a layer among all. */
isched_address_t isched_layer_address(uint16_t index);

/* The numbers of a layer: its zeros, how words are clipped, and its tables. */
void isched_layer_numbers(uint16_t number, isched_layer_t *layer);

/* Weights and biases, by their places among all. Linked weakly: they lie in read-only memory unless a board keeps them
 * elsewhere, where it writes isched_weights and isched_biases of schedule_weights.c. */
void isched_weights_read(isched_offset_t first, isched_word_t *to, uint16_t count);
void isched_biases_read(uint16_t first, isched_sum_t *to, uint16_t count);

/* How the sums of an output channel become words, by its place among those of all layers. */
int32_t isched_multiplier(uint16_t channel);
uint8_t isched_shift(uint16_t channel);

/* Volatile memory that layers use, of ISCHED_ARENA_BYTES. It may hold anything when a power cycle begins. */
#define ISCHED_ARENA_SUMS ((ISCHED_ARENA_BYTES + sizeof(isched_sum_t) - 1U) / sizeof(isched_sum_t))
extern isched_sum_t isched_arena[ISCHED_ARENA_SUMS];

/* The region that pass `pass` of `passes` over some results writes, and the one that it reads (if it is not the first).
 * The first pass is atom `first`, the others follow at intervals of `apart` atoms. */
typedef struct {
    uint8_t reads;
    uint8_t writes;
} isched_regions_t;

isched_regions_t isched_regions(const isched_layer_t *layer, isched_atom_t first, isched_atom_t apart, uint16_t passes,
                                uint16_t pass);

#endif
