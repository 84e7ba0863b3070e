/* The runtime as one piece, so that a boot can put its variables back to what C begins with. */
#include "isched.c"
#include "isched_record.c"
#include "isched_store_cell.c"
#include "isched_store_log.c"

void firmware_boots(void);
void firmware_boots(void)
{
#if ISCHED_META_IS_LOG
    now = (sector_t){0, 0, 0, 0, 0, 0};
    other_remains = 0;
#else
    current = 0;
#endif
    has_worked = 0;
}

#if !ISCHED_META_IS_LOG
/* The head that stands for a sequence number and a count of boots. */
uint16_t firmware_head(uint8_t value);
uint16_t firmware_head(uint8_t value)
{
    return head_of(value);
}
#endif
