/* Runs the atoms of a network: which tiles an atom works on, and what moves between the memories for them. */
#include "schedule.h"

#ifdef ISCHED_ARITHMETIC

#include "isched_layers.h"
#include "isched_plan.h"
#include "isched_staging.h"

isched_sum_t isched_arena[ISCHED_ARENA_SUMS];

/* Tiles along each loop, and how many are batched into atoms. */
typedef struct {
    uint16_t rows;
    uint16_t columns;
    uint16_t outputs;
    uint16_t inputs;
    uint32_t innermost;
    uint32_t batches;
} isched_loops_t;

static uint16_t isched_tiles(uint16_t extent, uint16_t tile)
{
    return (uint16_t)(1U + (uint16_t)(extent - 1U) / tile);
}

static uint8_t isched_has(const isched_layer_t *layer, uint8_t flag)
{
    return ((layer->flags & flag) != 0U) ? 1U : 0U;
}

static void isched_loops(const isched_layer_t *layer, isched_loops_t *loops)
{
    loops->rows = isched_tiles(layer->rows, layer->tile_rows);
    loops->columns = isched_tiles(layer->columns, layer->tile_columns);
    loops->outputs = isched_tiles(layer->outputs, layer->tile_outputs);
    loops->inputs = isched_tiles(layer->inputs, layer->tile_inputs);
    if ((layer->order == ISCHED_KEEPS_WEIGHT) || (isched_has(layer, ISCHED_IS_POOLING) != 0U)) {
        loops->innermost = (uint32_t)loops->rows * loops->columns;
    } else if (layer->order == ISCHED_KEEPS_INPUT) {
        loops->innermost = loops->outputs;
    } else {
        loops->innermost = loops->inputs;
    }
    loops->batches = 1U + (loops->innermost - 1U) / layer->batch;
}

/* The next loop of an atom's number, innermost first. */
static uint32_t isched_next(isched_atom_t *rest, uint32_t trips)
{
    const uint32_t found = (uint32_t)*rest % trips;
    *rest = (isched_atom_t)(*rest / trips);
    return found;
}

static void isched_set_rows(isched_tile_t *tile, uint32_t number)
{
    const isched_layer_t *layer = tile->layer;
    tile->row = (uint16_t)(number * layer->tile_rows);
    tile->rows = isched_least((uint16_t)(layer->rows - tile->row), layer->tile_rows);
}

static void isched_set_columns(isched_tile_t *tile, uint32_t number)
{
    const isched_layer_t *layer = tile->layer;
    tile->column = (uint16_t)(number * layer->tile_columns);
    tile->columns = isched_least((uint16_t)(layer->columns - tile->column), layer->tile_columns);
}

/* Result channels of a group: the tiles from `number`, so many of them. */
static void isched_set_outputs(isched_tile_t *tile, uint16_t group, uint32_t number, uint16_t tiles)
{
    const isched_layer_t *layer = tile->layer;
    const uint32_t first = number * layer->tile_outputs;
    const uint32_t left = layer->outputs - first;
    const uint32_t most = (uint32_t)tiles * layer->tile_outputs;
    tile->output = (uint16_t)((uint32_t)group * layer->outputs + first);
    tile->outputs = (uint16_t)((left < most) ? left : most);
}

/* Input channels of a group; those are the result channels too, where each is worked on by itself. */
static void isched_set_inputs(isched_tile_t *tile, uint16_t group, uint32_t number)
{
    const isched_layer_t *layer = tile->layer;
    const uint16_t first = (uint16_t)(number * layer->tile_inputs);
    tile->input = (uint16_t)((uint32_t)group * layer->inputs + first);
    tile->inputs = isched_least((uint16_t)(layer->inputs - first), layer->tile_inputs);
    tile->lanes = isched_lanes(tile->inputs);
    if (isched_has(layer, ISCHED_IS_CHANNELWISE) != 0U) {
        tile->output = tile->input;
        tile->outputs = tile->inputs;
    }
}

/* The passes over results to which an atom belongs. */
static void isched_begin_passes(isched_pass_t *pass, isched_atom_t atom, uint32_t apart, uint16_t passes, uint16_t number)
{
    pass->is_first = (uint8_t)(number == 0U);
    pass->is_last = (uint8_t)(number + 1U == passes);
    pass->regions.reads = 0;
    pass->regions.writes = 0;
#if ISCHED_STORES_SUMS
    if (passes > 1U) {
        const isched_atom_t step = (isched_atom_t)apart;
        pass->regions = isched_regions(pass->layer, (isched_atom_t)(atom - step * number), step, passes, number);
    }
#else
    (void)atom;
    (void)apart;
#endif
}

/* Order INPUT: the input tile stays, an atom is a batch of tiles of output channels. */
static void isched_run_input(const isched_layer_t *layer, const isched_loops_t *loops, isched_atom_t atom,
                             isched_atom_t number, uint8_t resumes)
{
    isched_tile_t tile = {0};
    isched_pass_t pass = {0};
    const uint16_t batch = (uint16_t)isched_next(&number, loops->batches);
    const uint16_t inputs = (uint16_t)isched_next(&number, loops->inputs);
    tile.layer = layer;
    pass.layer = layer;
    isched_begin_passes(&pass, atom, loops->batches, loops->inputs, inputs);
    isched_set_columns(&tile, isched_next(&number, loops->columns));
    isched_set_rows(&tile, isched_next(&number, loops->rows));
    const uint16_t group = (uint16_t)number;
    isched_set_inputs(&tile, group, inputs);
    isched_place_tile(&tile, 0);
    if ((batch == 0U) || (resumes != 0U)) {
        isched_fetch_inputs(&tile);
    }
    const uint16_t first = (uint16_t)((uint32_t)batch * layer->batch);
    const uint16_t tiles = isched_least((uint16_t)(loops->outputs - first), layer->batch);
    isched_set_outputs(&tile, group, first, tiles);
    tile.pitch = tile.outputs;
    isched_tile_t whole = tile;
    if (pass.is_first != 0U) {
        isched_start_sums(&whole);
    }
    for (uint16_t part = 0; part < tiles; ++part) {
        isched_set_outputs(&tile, group, (uint32_t)first + part, 1);
        isched_fetch_weights(&tile);
        if (pass.is_first == 0U) {
            isched_fetch_sums(&tile, &pass);
        }
        layer->kernel->work(&tile);
        tile.sums += tile.outputs;
    }
    isched_store(&whole, &pass);
}

/* One pixel tile of order WEIGHT: results of a batch have places of their own until all of them are stored. */
static void isched_run_pixels(isched_tile_t *tile, const isched_pass_t *pass)
{
    isched_fetch_inputs(tile);
    if (isched_has(tile->layer, ISCHED_ADDS_UP) != 0U) {
        if (pass->is_first != 0U) {
            isched_start_sums(tile);
        } else {
            isched_fetch_sums(tile, pass);
        }
    }
    tile->layer->kernel->work(tile);
}

/* Order WEIGHT: the weights stay, an atom is a batch of tiles of pixels. */
static void isched_run_weight(const isched_layer_t *layer, const isched_loops_t *loops, isched_atom_t atom,
                              isched_atom_t number, uint8_t resumes)
{
    isched_tile_t tile = {0};
    isched_pass_t pass = {0};
    const uint8_t is_each = isched_has(layer, ISCHED_IS_CHANNELWISE);
    const uint32_t batch = isched_next(&number, loops->batches);
    const uint16_t inputs = (uint16_t)isched_next(&number, loops->inputs);
    const uint32_t outputs = isched_next(&number, loops->outputs);
    tile.layer = layer;
    pass.layer = layer;
    isched_begin_passes(&pass, atom, loops->batches, (is_each != 0U) ? 1U : loops->inputs,
                        (is_each != 0U) ? 0U : inputs);
    isched_set_outputs(&tile, (uint16_t)number, outputs, 1);
    isched_set_inputs(&tile, (uint16_t)number, inputs);
    tile.pitch = tile.outputs;
    isched_place_tile(&tile, 0);
    if ((isched_has(layer, ISCHED_HAS_WEIGHTS) != 0U) && ((batch == 0U) || (resumes != 0U))) {
        isched_fetch_weights(&tile);
    }
    const uint32_t first = batch * layer->batch;
    const uint32_t left = loops->innermost - first;
    const uint16_t tiles = (left < layer->batch) ? (uint16_t)left : layer->batch;
    for (uint8_t is_stored = 0; is_stored < 2U; ++is_stored) {
        for (uint16_t slot = 0; slot < tiles; ++slot) {
            isched_set_rows(&tile, (first + slot) / loops->columns);
            isched_set_columns(&tile, (first + slot) % loops->columns);
            isched_place_tile(&tile, slot);
            if (is_stored != 0U) {
                isched_store(&tile, &pass);
            } else {
                isched_run_pixels(&tile, &pass);
            }
        }
    }
}

/* Order OUTPUT: the sums stay, an atom is a batch of tiles of input channels. */
static void isched_run_output(const isched_layer_t *layer, const isched_loops_t *loops, isched_atom_t atom,
                              isched_atom_t number, uint8_t resumes)
{
    isched_tile_t tile = {0};
    isched_pass_t pass = {0};
    const uint16_t batch = (uint16_t)isched_next(&number, loops->batches);
    tile.layer = layer;
    pass.layer = layer;
    isched_begin_passes(&pass, atom, 1, (uint16_t)loops->batches, batch);
    const uint32_t outputs = isched_next(&number, loops->outputs);
    isched_set_columns(&tile, isched_next(&number, loops->columns));
    isched_set_rows(&tile, isched_next(&number, loops->rows));
    const uint16_t group = (uint16_t)number;
    isched_set_outputs(&tile, group, outputs, 1);
    tile.pitch = tile.outputs;
    isched_place_tile(&tile, 0);
    if (pass.is_first != 0U) {
        isched_start_sums(&tile);
    } else if (resumes != 0U) {
        isched_fetch_sums(&tile, &pass);
    } else {
        /* they are still there */
    }
    const uint16_t first = (uint16_t)((uint32_t)batch * layer->batch);
    const uint16_t tiles = isched_least((uint16_t)(loops->inputs - first), layer->batch);
    for (uint16_t part = 0; part < tiles; ++part) {
        isched_set_inputs(&tile, group, (uint32_t)first + part);
        isched_place_tile(&tile, 0);
        isched_fetch_inputs(&tile);
        isched_fetch_weights(&tile);
        layer->kernel->work(&tile);
    }
    isched_store(&tile, &pass);
}

/* A whole map pooled: the first tile of an atom joins what the row has come to, others have places of their own. */
static void isched_run_pooling(const isched_layer_t *layer, const isched_loops_t *loops, isched_atom_t atom,
                               isched_atom_t number, uint8_t resumes)
{
    isched_tile_t tile = {0};
    isched_pass_t pass = {0};
    const uint32_t batch = isched_next(&number, loops->batches);
    tile.layer = layer;
    pass.layer = layer;
    isched_begin_passes(&pass, atom, 1, (uint16_t)loops->batches, (uint16_t)batch);
    isched_set_outputs(&tile, 0, number, 1);
    tile.pitch = tile.outputs;
    isched_tile_t result = tile;
    result.rows = 1;
    result.columns = 1;
    isched_place_tile(&result, 0);
    if (pass.is_first != 0U) {
        isched_start_sums(&result);
    } else if (resumes != 0U) {
        isched_fetch_sums(&result, &pass);
    } else {
        /* what the row has come to is still there */
    }
    const uint32_t first = batch * layer->batch;
    const uint32_t left = loops->innermost - first;
    const uint16_t tiles = (left < layer->batch) ? (uint16_t)left : layer->batch;
    for (uint16_t slot = 0; slot < tiles; ++slot) {
        isched_set_rows(&tile, (first + slot) / loops->columns);
        isched_set_columns(&tile, (first + slot) % loops->columns);
        isched_place_tile(&tile, slot);
        isched_fetch_pixels(&tile);
        if (slot > 0U) {
            isched_tile_t own = result;
            own.sums = tile.sums;
            isched_start_sums(&own);
        }
        layer->kernel->work(&tile);
    }
    for (uint16_t slot = 1; slot < tiles; ++slot) {
        isched_place_tile(&tile, slot);
        layer->kernel->join(result.sums, tile.sums, tile.outputs);
    }
    isched_store(&result, &pass);
}

void isched_run_atom(isched_atom_t atom, uint8_t resumes)
{
    isched_layer_t layer;
    isched_loops_t loops;
    uint16_t number = 0;
    isched_atom_t first = 0;
    while (isched_layer_end(number) <= atom) {
        first = isched_layer_end(number);
        ++number;
    }
    isched_layer(number, &layer);
    isched_loops(&layer, &loops);
    const isched_atom_t place = (isched_atom_t)(atom - first);
    if (isched_has(&layer, ISCHED_IS_POOLING) != 0U) {
        isched_run_pooling(&layer, &loops, atom, place, resumes);
    } else if (layer.order == ISCHED_KEEPS_INPUT) {
        isched_run_input(&layer, &loops, atom, place, resumes);
    } else if (layer.order == ISCHED_KEEPS_WEIGHT) {
        isched_run_weight(&layer, &loops, atom, place, resumes);
    } else {
        isched_run_output(&layer, &loops, atom, place, resumes);
    }
    isched_port_nv_complete(ISCHED_DATA_MEMORY);
}

#else
/* A schedule of tasks: C wants something in every file. */
typedef int isched_layers_is_not_used_t;
#endif
