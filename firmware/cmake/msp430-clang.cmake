# A toolchain file: MSP430 with LLVM's compiler and linker. The port msp430-fram brings what clang has no library for.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR msp430)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

foreach(language C ASM)
  set(CMAKE_${language}_COMPILER clang)
  set(CMAKE_${language}_COMPILER_TARGET msp430)
endforeach()
set(CMAKE_AR llvm-ar)
set(CMAKE_RANLIB llvm-ranlib)

set(CMAKE_C_FLAGS_INIT "-Os -ffreestanding -fno-builtin -ffunction-sections -fdata-sections")
set(CMAKE_C_LINK_EXECUTABLE "ld.lld --gc-sections <LINK_FLAGS> <OBJECTS> <LINK_LIBRARIES> -o <TARGET>")
