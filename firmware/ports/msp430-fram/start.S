/* From reset to verify_main(), or whatever -DMAIN names: the watchdog stops, variables become what C wants. */
#ifndef MAIN
#define MAIN main
#endif
    .section .text.start, "ax"
    .global _start
_start:
    mov #__stack_top, r1
    mov #0x5a80, &0x015c
    mov #__data_from, r12
    mov #__data_start, r13
copy:
    cmp #__data_end, r13
    jhs clear
    mov @r12+, r14
    mov r14, 0(r13)
    incd r13
    jmp copy
clear:
    mov #__bss_start, r13
zero:
    cmp #__bss_end, r13
    jhs begin
    clr 0(r13)
    incd r13
    jmp zero
begin:
    call #MAIN
stop:
    jmp stop

    .section .reset, "a"
    .short _start
