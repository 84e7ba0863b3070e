/* The circuit around an MSP430 in `mspdebug sim`: a capacitor that is full whenever it is asked for.
 *
 * Power that is switched off leaves RAM and registers as garbage and comes back at once; text goes to a console. */
#define CONSOLE 0x00f0

    .text
    .global board_power_off
board_power_off:
    mov #__ram_start, r12
spoil:
    mov #0xa55a, 0(r12)
    incd r12
    cmp #__stack_top, r12
    jlo spoil
    mov #0x5aa5, r4
    mov r4, r5
    mov r4, r6
    mov r4, r7
    mov r4, r8
    mov r4, r9
    mov r4, r10
    mov r4, r11
    mov r4, r12
    mov r4, r13
    mov r4, r14
    mov r4, r15
    br &0xfffe

    .global board_wait_for_level
board_wait_for_level:
    ret

    .global board_wait_or_reserve
board_wait_or_reserve:
    mov #1, r12
    ret

    .global board_put
board_put:
    mov.b r12, &CONSOLE
    ret

    .global board_end
board_end:
    jmp board_end
