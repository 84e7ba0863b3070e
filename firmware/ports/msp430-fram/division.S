/* Division, as clang calls it: see runtime.S. */
#include "assembly.h"

/* r12 by r13: quotient in r12, remainder in r14. A bit that is shifted out makes the remainder larger than any divisor. */
    function isched_divide16
    clr r14
    mov #16, r15
1:  rla r12
    rlc r14
    jc 2f
    cmp r13, r14
    jlo 3f
2:  sub r13, r14
    inc r12
3:  dec r15
    jnz 1b
    ret

/* r12:r13 by r14:r15: quotient in r12:r13, remainder in r10:r11. */
    function isched_divide32
    push r9
    clr r10
    clr r11
    mov #32, r9
1:  rla r12
    rlc r13
    rlc r10
    rlc r11
    jc 2f
    cmp r15, r11
    jlo 3f
    jne 2f
    cmp r14, r10
    jlo 3f
2:  sub r14, r10
    subc r15, r11
    inc r12
3:  dec r9
    jnz 1b
    pop r9
    ret

/* r8..r11 by r12..r15: quotient in r8..r11, remainder in r4..r7. */
    function isched_divide64
    clr r4
    clr r5
    clr r6
    clr r7
    push #64
1:  rla r8
    rlc r9
    rlc r10
    rlc r11
    rlc r4
    rlc r5
    rlc r6
    rlc r7
    jc 2f
    cmp r15, r7
    jlo 3f
    jne 2f
    cmp r14, r6
    jlo 3f
    jne 2f
    cmp r13, r5
    jlo 3f
    jne 2f
    cmp r12, r4
    jlo 3f
2:  sub r12, r4
    subc r13, r5
    subc r14, r6
    subc r15, r7
    inc r8
3:  dec 0(r1)
    jnz 1b
    incd r1
    ret

    .macro negate16 a
    inv \a
    inc \a
    .endm

    .macro negate32 a, b
    inv \a
    inv \b
    inc \a
    adc \b
    .endm

    .macro negate64 a, b, c, d
    inv \a
    inv \b
    inv \c
    inv \d
    inc \a
    adc \b
    adc \c
    adc \d
    .endm

    function __mspabi_divu
    br #isched_divide16

    function __mspabi_remu
    call #isched_divide16
    mov r14, r12
    ret

/* Signed division keeps on the stack what the result's sign is: that of the product, or of the dividend. */
    function __mspabi_divi
    mov r12, r15
    xor r13, r15
    push r15
    tst r12
    jge 1f
    negate16 r12
1:  tst r13
    jge 2f
    negate16 r13
2:  call #isched_divide16
    pop r15
    tst r15
    jge 3f
    negate16 r12
3:  ret

    function __mspabi_remi
    push r12
    tst r12
    jge 1f
    negate16 r12
1:  tst r13
    jge 2f
    negate16 r13
2:  call #isched_divide16
    mov r14, r12
    pop r15
    tst r15
    jge 3f
    negate16 r12
3:  ret

    function __mspabi_divul
    push r10
    call #isched_divide32
    pop r10
    ret

    function __mspabi_remul
    push r10
    call #isched_divide32
    mov r10, r12
    mov r11, r13
    pop r10
    ret

    function __mspabi_divli
    push r10
    mov r13, r11
    xor r15, r11
    push r11
    tst r13
    jge 1f
    negate32 r12, r13
1:  tst r15
    jge 2f
    negate32 r14, r15
2:  call #isched_divide32
    pop r11
    pop r10
    tst r11
    jge 3f
    negate32 r12, r13
3:  ret

    function __mspabi_remli
    push r10
    push r13
    tst r13
    jge 1f
    negate32 r12, r13
1:  tst r15
    jge 2f
    negate32 r14, r15
2:  call #isched_divide32
    mov r10, r12
    mov r11, r13
    pop r11
    pop r10
    tst r11
    jge 3f
    negate32 r12, r13
3:  ret

    .macro save
    push r4
    push r5
    push r6
    push r7
    push r8
    push r9
    push r10
    .endm

    .macro restore
    pop r10
    pop r9
    pop r8
    pop r7
    pop r6
    pop r5
    pop r4
    .endm

    .macro quotient
    mov r8, r12
    mov r9, r13
    mov r10, r14
    mov r11, r15
    .endm

    .macro remainder
    mov r4, r12
    mov r5, r13
    mov r6, r14
    mov r7, r15
    .endm

    .macro magnitudes
    tst r11
    jge 1f
    negate64 r8, r9, r10, r11
1:  tst r15
    jge 2f
    negate64 r12, r13, r14, r15
2:
    .endm

    function __mspabi_divull
    save
    call #isched_divide64
    quotient
    restore
    ret

    function __mspabi_remull
    save
    call #isched_divide64
    remainder
    restore
    ret

    function __mspabi_divlli
    save
    mov r11, r4
    xor r15, r4
    push r4
    magnitudes
    call #isched_divide64
    quotient
    pop r4
    tst r4
    jge 3f
    negate64 r12, r13, r14, r15
3:  restore
    ret

    function __mspabi_remlli
    save
    push r11
    magnitudes
    call #isched_divide64
    remainder
    pop r4
    tst r4
    jge 3f
    negate64 r12, r13, r14, r15
3:  restore
    ret
