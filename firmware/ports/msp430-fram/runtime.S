/* What clang calls for arithmetic that an MSP430 has no instruction for. No hardware multiplier is used, so that it runs
 * on every member of the family and in simulators; a compiler's own library can replace this file.
 *
 * Names and registers are those of the MSP430 EABI: 16 bits in r12 and r13; 32 bits in r12:r13 and r14:r15; 64 bits in
 * r8..r11 and r12..r15; the result in r12 and up. */
#include "assembly.h"

    function __mspabi_slll
    tst r14
    jz 2f
1:  rla r12
    rlc r13
    dec r14
    jnz 1b
2:  ret

    function __mspabi_srll
    tst r14
    jz 2f
1:  clrc
    rrc r13
    rrc r12
    dec r14
    jnz 1b
2:  ret

    function __mspabi_sral
    tst r14
    jz 2f
1:  rra r13
    rrc r12
    dec r14
    jnz 1b
2:  ret

/* Shifts of 64 bits find their count on the stack. */
    function __ashldi3
    mov 2(r1), r11
    tst r11
    jz 2f
1:  rla r12
    rlc r13
    rlc r14
    rlc r15
    dec r11
    jnz 1b
2:  ret

    function __lshrdi3
    mov 2(r1), r11
    tst r11
    jz 2f
1:  clrc
    rrc r15
    rrc r14
    rrc r13
    rrc r12
    dec r11
    jnz 1b
2:  ret

    function __ashrdi3
    mov 2(r1), r11
    tst r11
    jz 2f
1:  rra r15
    rrc r14
    rrc r13
    rrc r12
    dec r11
    jnz 1b
2:  ret

    function __mspabi_mpyi
    mov r12, r14
    clr r12
1:  tst r13
    jz 3f
    clrc
    rrc r13
    jnc 2f
    add r14, r12
2:  rla r14
    jmp 1b
3:  ret

    function __mspabi_mpyl
    push r10
    mov r12, r10
    mov r13, r11
    clr r12
    clr r13
1:  tst r14
    jnz 2f
    tst r15
    jz 4f
2:  clrc
    rrc r15
    rrc r14
    jnc 3f
    add r10, r12
    addc r11, r13
3:  rla r10
    rlc r11
    jmp 1b
4:  pop r10
    ret

    function __mspabi_mpyll
    push r4
    push r5
    push r6
    push r7
    push r8
    push r9
    push r10
    clr r4
    clr r5
    clr r6
    clr r7
1:  tst r8
    jnz 2f
    tst r9
    jnz 2f
    tst r10
    jnz 2f
    tst r11
    jz 4f
2:  clrc
    rrc r11
    rrc r10
    rrc r9
    rrc r8
    jnc 3f
    add r12, r4
    addc r13, r5
    addc r14, r6
    addc r15, r7
3:  rla r12
    rlc r13
    rlc r14
    rlc r15
    jmp 1b
4:  mov r4, r12
    mov r5, r13
    mov r6, r14
    mov r7, r15
    pop r10
    pop r9
    pop r8
    pop r7
    pop r6
    pop r5
    pop r4
    ret

/* r12: to, r13: from or byte, r14: bytes; the result is r12. */
    function memcpy
    mov r12, r15
1:  tst r14
    jz 2f
    mov.b @r13+, r11
    mov.b r11, 0(r15)
    inc r15
    dec r14
    jmp 1b
2:  ret

    function memset
    mov r12, r15
1:  tst r14
    jz 2f
    mov.b r13, 0(r15)
    inc r15
    dec r14
    jmp 1b
2:  ret
