/* What moves between non-volatile memory and the arena, by one transfer for each pixel, tap or bias.
 *
 * The arena holds the results of an atom (sums, or words where nothing is summed up), then the staged operands of all
 * sources, then the staged weights; each with the room that the largest tile takes. */
#include "schedule.h"

#ifdef ISCHED_ARITHMETIC

#include "isched_staging.h"

/* Positions of the input along one axis that windows look at: where windows do not touch, those between are left out. */
typedef struct {
    uint16_t reach;
    uint16_t step;  /* staged positions from one window to the next */
    uint16_t extra; /* staged positions beyond those */
} isched_axis_t;

static isched_axis_t isched_axis(uint16_t kernel, uint16_t stride, uint16_t dilation)
{
    isched_axis_t axis;
    axis.reach = (uint16_t)((kernel - 1U) * dilation + 1U);
    axis.step = (axis.reach >= stride) ? stride : axis.reach;
    axis.extra = (uint16_t)(axis.reach - axis.step);
    return axis;
}

static isched_axis_t isched_down(const isched_layer_t *layer)
{
    return isched_axis(layer->kernel_rows, layer->row_stride, layer->row_dilation);
}

static isched_axis_t isched_across(const isched_layer_t *layer)
{
    return isched_axis(layer->kernel_columns, layer->column_stride, layer->column_dilation);
}

static uint16_t isched_positions(const isched_axis_t *axis, uint16_t windows)
{
    return (uint16_t)(windows * axis->step + axis->extra);
}

/* The words of one source's largest tile. */
static size_t isched_staged(const isched_layer_t *layer)
{
    if ((layer->flags & ISCHED_IS_POOLING) != 0U) {
        return (size_t)layer->tile_rows * layer->tile_columns * layer->tile_outputs;
    }
    const isched_axis_t down = isched_down(layer);
    const isched_axis_t across = isched_across(layer);
    return (size_t)isched_positions(&down, layer->tile_rows) * isched_positions(&across, layer->tile_columns) *
           isched_lanes(layer->tile_inputs);
}

/* The results of one slot. */
static size_t isched_slot(const isched_layer_t *layer)
{
    const uint16_t channels =
        ((layer->flags & ISCHED_IS_CHANNELWISE) != 0U) ? layer->tile_inputs : layer->tile_outputs;
    return ((layer->flags & ISCHED_IS_POOLING) != 0U)
               ? channels
               : (size_t)layer->tile_rows * layer->tile_columns * channels;
}

void isched_place_tile(isched_tile_t *tile, uint16_t slot)
{
    const isched_layer_t *layer = tile->layer;
    const size_t each = isched_slot(layer);
    const uint8_t is_row_of_sums =
        ((layer->order == ISCHED_KEEPS_SUMS) && ((layer->flags & ISCHED_IS_POOLING) == 0U)) ? 1U : 0U;
    const size_t results = (is_row_of_sums != 0U) ? each : (each * layer->batch);
    isched_word_t *words = (isched_word_t *)isched_arena;
    tile->sums = isched_arena + each * slot;
    tile->words = words + each * slot;
    words = ((layer->flags & ISCHED_ADDS_UP) != 0U) ? (isched_word_t *)(isched_arena + results) : (words + results);
    tile->source_pitch = isched_staged(layer);
    tile->operands = words;
    tile->weights = words + tile->source_pitch * layer->sources;
    if ((layer->flags & ISCHED_IS_POOLING) != 0U) {
        tile->lanes = tile->outputs;
        tile->staged_rows = tile->rows;
        tile->staged_columns = tile->columns;
        return;
    }
    const isched_axis_t down = isched_down(layer);
    const isched_axis_t across = isched_across(layer);
    tile->row_step = down.step;
    tile->column_step = across.step;
    tile->staged_rows = isched_positions(&down, tile->rows);
    tile->staged_columns = isched_positions(&across, tile->columns);
}

/* Goes through the positions of one axis. */
typedef struct {
    uint16_t position;
    uint16_t left; /* of this window, where windows do not touch */
} isched_cursor_t;

static void isched_advance(isched_cursor_t *cursor, const isched_axis_t *axis, uint16_t stride)
{
    cursor->position = (uint16_t)(cursor->position + 1U);
    cursor->left = (uint16_t)(cursor->left - 1U);
    if (cursor->left == 0U) {
        cursor->left = axis->reach;
        if (axis->reach < stride) {
            cursor->position = (uint16_t)(cursor->position + stride - axis->reach);
        }
    }
}

static void isched_fill(isched_word_t *words, uint16_t first, uint16_t end, isched_word_t value)
{
    for (uint16_t lane = first; lane < end; ++lane) {
        words[lane] = value;
    }
}

/* One staged pixel: read, or zeros outside of the input. */
static void isched_fetch_pixel(const isched_tile_t *tile, uint8_t source, uint16_t row, uint16_t column,
                               isched_word_t *to)
{
    const isched_layer_t *layer = tile->layer;
    const uint16_t down = (uint16_t)(row - layer->top);
    const uint16_t across = (uint16_t)(column - layer->left);
    if ((row < layer->top) || (down >= layer->in_rows) || (column < layer->left) || (across >= layer->in_columns)) {
        isched_fill(to, 0, tile->lanes, layer->input_zero);
        return;
    }
    const isched_address_t pixel = (isched_address_t)((isched_address_t)down * layer->in_columns + across);
    const isched_address_t place = (isched_address_t)(pixel * layer->in_channels + tile->input);
    const isched_address_t begin = isched_layer_address((uint16_t)(layer->addresses + source));
    isched_port_nv_read(ISCHED_DATA_MEMORY, (isched_address_t)(begin + place * sizeof(isched_word_t)), to,
                        (uint16_t)(tile->inputs * sizeof(isched_word_t)));
    isched_fill(to, tile->inputs, tile->lanes, layer->input_zero);
}

void isched_fetch_inputs(const isched_tile_t *tile)
{
    const isched_layer_t *layer = tile->layer;
    const isched_axis_t down = isched_down(layer);
    const isched_axis_t across = isched_across(layer);
    for (uint8_t source = 0; source < layer->sources; ++source) {
        isched_word_t *to = tile->operands + source * tile->source_pitch;
        isched_cursor_t row = {(uint16_t)(tile->row * layer->row_stride), down.reach};
        for (uint16_t i = 0; i < tile->staged_rows; ++i) {
            isched_cursor_t column = {(uint16_t)(tile->column * layer->column_stride), across.reach};
            for (uint16_t j = 0; j < tile->staged_columns; ++j) {
                isched_fetch_pixel(tile, source, row.position, column.position, to);
                to += tile->lanes;
                isched_advance(&column, &across, layer->column_stride);
            }
            isched_advance(&row, &down, layer->row_stride);
        }
    }
}

void isched_fetch_pixels(const isched_tile_t *tile)
{
    isched_tile_t pixel = *tile;
    isched_word_t *to = tile->operands;
    pixel.input = tile->output;
    pixel.inputs = tile->outputs;
    for (uint16_t row = 0; row < tile->rows; ++row) {
        for (uint16_t column = 0; column < tile->columns; ++column) {
            isched_fetch_pixel(&pixel, 0, (uint16_t)(tile->row + row), (uint16_t)(tile->column + column), to);
            to += tile->lanes;
        }
    }
}

void isched_fetch_weights(const isched_tile_t *tile)
{
    const isched_layer_t *layer = tile->layer;
    const uint8_t is_each = layer->flags & ISCHED_IS_CHANNELWISE;
    const isched_offset_t taps = (isched_offset_t)((isched_offset_t)layer->kernel_rows * layer->kernel_columns);
    const uint16_t outputs = (is_each != 0U) ? 1U : tile->outputs;
    const uint16_t input = (uint16_t)(tile->input % layer->inputs);
    isched_word_t *to = tile->weights;
    isched_offset_t vector = (is_each != 0U) ? 0U : (isched_offset_t)(tile->output * taps);
    for (uint16_t output = 0; output < outputs; ++output) {
        for (isched_offset_t tap = 0; tap < taps; ++tap) {
            const isched_offset_t first = (isched_offset_t)(layer->weights + vector * layer->inputs + input);
            isched_weights_read(first, to, tile->inputs);
            isched_fill(to, tile->inputs, tile->lanes, 0);
            to += tile->lanes;
            vector = (isched_offset_t)(vector + 1U);
        }
    }
}

void isched_start_sums(const isched_tile_t *tile)
{
    const isched_layer_t *layer = tile->layer;
    const size_t pixels = (size_t)tile->rows * tile->columns;
    isched_sum_t *sums = tile->sums;
    if ((layer->flags & ISCHED_HAS_BIAS) != 0U) {
        isched_biases_read((uint16_t)(layer->numbers + tile->output), sums, tile->outputs);
    } else {
        for (uint16_t channel = 0; channel < tile->outputs; ++channel) {
            sums[channel] = layer->kernel->start;
        }
    }
    for (size_t pixel = 1; pixel < pixels; ++pixel) {
        sums += tile->pitch;
        for (uint16_t channel = 0; channel < tile->outputs; ++channel) {
            sums[channel] = tile->sums[channel];
        }
    }
}

/* Where the results of pixels in a region lie: the first tile pixel, and what pixels are apart. */
typedef struct {
    isched_address_t begin;
    isched_address_t pixel;
    isched_address_t row;
} isched_span_t;

static isched_span_t isched_span(const isched_tile_t *tile, uint8_t region, uint8_t bytes)
{
    const isched_layer_t *layer = tile->layer;
    const uint16_t columns = ((layer->flags & ISCHED_IS_POOLING) != 0U) ? 1U : layer->columns;
    const uint8_t is_each = layer->flags & ISCHED_IS_CHANNELWISE;
    const uint16_t own = (is_each != 0U) ? layer->inputs : (uint16_t)(layer->outputs * layer->groups);
    const uint16_t channel = (uint16_t)(tile->output + ((region == 0U) ? layer->first_channel : 0U));
    const isched_address_t first = isched_layer_address((uint16_t)(layer->addresses + layer->sources + region));
    isched_span_t span;
    span.pixel = (isched_address_t)((isched_address_t)((region == 0U) ? layer->out_channels : own) * bytes);
    span.row = (isched_address_t)(span.pixel * columns);
    span.begin = (isched_address_t)(first + tile->row * span.row + tile->column * span.pixel +
                                    (isched_address_t)channel * bytes);
    return span;
}

void isched_fetch_sums(const isched_tile_t *tile, const isched_pass_t *pass)
{
    const isched_span_t span = isched_span(tile, pass->regions.reads, (uint8_t)sizeof(isched_sum_t));
    isched_sum_t *sums = tile->sums;
    for (uint16_t row = 0; row < tile->rows; ++row) {
        isched_address_t address = (isched_address_t)(span.begin + row * span.row);
        for (uint16_t column = 0; column < tile->columns; ++column) {
            isched_port_nv_read(ISCHED_DATA_MEMORY, address, sums, (uint16_t)(tile->outputs * sizeof(isched_sum_t)));
            address = (isched_address_t)(address + span.pixel);
            sums += tile->pitch;
        }
    }
}

/* The words of one pixel: made of its sums where they lie, or there already. */
static const isched_word_t *isched_words(const isched_tile_t *tile, size_t place)
{
    const isched_kernel_t *kernel = tile->layer->kernel;
    if (kernel->finish == NULL) {
        return tile->words + place;
    }
    isched_sum_t *sums = tile->sums + place;
    isched_word_t *words = (isched_word_t *)sums;
    kernel->finish(tile, sums, words);
    return words;
}

void isched_store(const isched_tile_t *tile, const isched_pass_t *pass)
{
    uint8_t bytes = (uint8_t)sizeof(isched_sum_t);
    if (pass->is_last != 0U) {
        bytes = (uint8_t)sizeof(isched_word_t);
    }
    const isched_span_t span = isched_span(tile, pass->regions.writes, bytes);
    size_t place = 0;
    for (uint16_t row = 0; row < tile->rows; ++row) {
        isched_address_t address = (isched_address_t)(span.begin + row * span.row);
        for (uint16_t column = 0; column < tile->columns; ++column) {
            const void *from =
                (pass->is_last != 0U) ? (const void *)isched_words(tile, place) : (const void *)(tile->sums + place);
            isched_port_nv_write(ISCHED_DATA_MEMORY, address, from, (uint16_t)(tile->outputs * bytes));
            address = (isched_address_t)(address + span.pixel);
            place += tile->pitch;
        }
    }
}

#else
/* A schedule of tasks: C wants something in every file. */
typedef int isched_staging_is_not_used_t;
#endif
