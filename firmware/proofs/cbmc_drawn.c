/* The harness of commit_cbmc.c without CBMC: drawn values, and every place where power can fail. Prints how many steps. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define DRAWS 20000U
#define GATES 17U

void inductive_step(void);
uint32_t choose(uint32_t most);
void demand_holds(int holds, const char *what);

static uint32_t gate_next;

/* The one choice below 17 is where power fails: in turn, not drawn. */
uint32_t choose(uint32_t most)
{
    static uint64_t seed = 88172645463325252ULL;
    if (most == GATES - 1U) {
        return gate_next;
    }
    seed ^= seed << 13U;
    seed ^= seed >> 7U;
    seed ^= seed << 17U;
    return (uint32_t)((seed >> 32U) % (most + 1U));
}

void demand_holds(int holds, const char *what)
{
    if (holds == 0) {
        printf("refuted: %s\n", what);
        exit(1);
    }
}

int main(void)
{
    for (uint32_t draw = 0; draw < DRAWS; ++draw) {
        gate_next = draw % GATES;
        inductive_step();
    }
    printf("%u\n", DRAWS);
    return 0;
}
