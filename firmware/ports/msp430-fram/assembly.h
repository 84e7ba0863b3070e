/* For assembler sources: a function in a section of its own, so that the linker leaves out what nobody calls. */
    .macro function name
    .section .text.\name, "ax"
    .global \name
\name:
    .endm
