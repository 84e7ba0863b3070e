/* From reset to main(), or whatever -DMAIN names: variables become what C wants. */
#include <stdint.h>

#ifndef MAIN
#define MAIN main
#endif

void MAIN(void);
void start(void);

extern uint32_t __data_start[];
extern uint32_t __data_end[];
extern const uint32_t __data_from[];
extern uint32_t __bss_start[];
extern uint32_t __bss_end[];
extern uint32_t __stack_top[];

void start(void)
{
    const uint32_t *from = __data_from;
    for (uint32_t *to = __data_start; to != __data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = __bss_start; to != __bss_end; to++) {
        *to = 0U;
    }
    MAIN();
    for (;;) {
    }
}

/* A fault must not look like work in progress: it stays here, and a watchdog or a person sees it. */
static void fault(void)
{
    for (;;) {
    }
}

typedef union {
    void *stack;
    void (*handler)(void);
} vector_t;

__attribute__((section(".vectors"), used)) static const vector_t vectors[16] = {
    {.stack = __stack_top}, {.handler = start}, {.handler = fault}, {.handler = fault}, {.handler = fault},
    {.handler = fault},     {.handler = fault}, {.handler = fault}, {.handler = fault}, {.handler = fault},
    {.handler = fault},     {.handler = fault}, {.handler = fault}, {.handler = fault}, {.handler = fault},
    {.handler = fault},
};
