# What find_package(ischedule) brings: ischedule_add_schedule(), which turns a case into sources of a target.
#
#     find_package(ischedule REQUIRED)
#     add_executable(firmware main.c)
#     ischedule_add_schedule(firmware CASE case.json)
#
# The program `ischedule` is looked for beside this file's Python, then on PATH; ischedule_EXECUTABLE says which one to
# run, and may be a list such as "python3;-m;ischedule.cli".

cmake_policy(PUSH)
cmake_policy(VERSION 3.20...3.29)

if(CMAKE_VERSION VERSION_LESS 3.20)
  set(ischedule_FOUND FALSE)
  set(ischedule_NOT_FOUND_MESSAGE "ischedule needs CMake 3.20, and this is CMake ${CMAKE_VERSION}")
  cmake_policy(POP)
  return()
endif()

find_program(
  ischedule_EXECUTABLE ischedule
  HINTS "${CMAKE_CURRENT_LIST_DIR}/../../.." "${CMAKE_CURRENT_LIST_DIR}/../../../../../.."
  PATH_SUFFIXES bin Scripts
  DOC "the program ischedule"
  NO_CMAKE_FIND_ROOT_PATH
)
if(NOT ischedule_EXECUTABLE)
  set(ischedule_FOUND FALSE)
  set(ischedule_NOT_FOUND_MESSAGE "the program ischedule was not found: set ischedule_EXECUTABLE")
  cmake_policy(POP)
  return()
endif()

execute_process(
  COMMAND ${ischedule_EXECUTABLE} emit --folder firmware
  OUTPUT_VARIABLE ischedule_FIRMWARE_DIR
  ERROR_VARIABLE ischedule_problem
  OUTPUT_STRIP_TRAILING_WHITESPACE
  RESULT_VARIABLE ischedule_result
)
if(NOT ischedule_result EQUAL 0)
  set(ischedule_FOUND FALSE)
  set(ischedule_NOT_FOUND_MESSAGE "${ischedule_EXECUTABLE} does not run: ${ischedule_problem}")
  cmake_policy(POP)
  return()
endif()
file(TO_CMAKE_PATH "${ischedule_FIRMWARE_DIR}" ischedule_FIRMWARE_DIR)
set(ischedule_RUNTIME_DIR "${ischedule_FIRMWARE_DIR}/runtime")
set(ischedule_PORTS_DIR "${ischedule_FIRMWARE_DIR}/ports")

# ischedule_add_schedule(<target> CASE <case.json> [PLAN <plan.json>]
#                        [TARGET msp430|cortex-m|host [BOARD <board.c>]]
#                        [WEIGHTS] [SEED <n>] [INTEGRITY] [TABLE_ONLY])
#
# Adds to a target the tables of a case's plan and the runtime that carries it out. When the target is built, the case is
# solved (unless there is a PLAN), the plan is checked against the case, and emitted; again only when the case, a file
# that it names, the plan or ischedule itself is newer than the tables. A plan that the checker rejects fails the build.
#
# TARGET adds a port that comes with ischedule, linker script included; without it the target has its own port, and an
# isched_config.h on its include path. BOARD takes the place of the circuit that the port emulates. WEIGHTS adds the weights
# of a network, drawn by SEED where the case has none. INTEGRITY seals its tensors with checksums. TABLE_ONLY leaves out
# the runtime and the port.
function(ischedule_add_schedule target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "WEIGHTS;INTEGRITY;TABLE_ONLY" "CASE;PLAN;TARGET;BOARD;SEED" "")
  _ischedule_check_arguments()
  get_filename_component(case "${arg_CASE}" ABSOLUTE)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/ischedule/${target}")
  set(generated "${folder}/schedule.c" "${folder}/schedule.h")
  set(needed "${case}")
  set(options --table-only)
  if(DEFINED arg_PLAN)
    get_filename_component(plan "${arg_PLAN}" ABSOLUTE)
    list(APPEND needed "${plan}")
  endif()
  if(arg_INTEGRITY)
    list(APPEND options --integrity)
  endif()
  if(arg_WEIGHTS)
    list(APPEND options --weights)
    list(APPEND generated "${folder}/schedule_weights.c" "${folder}/schedule_weights.h")
    if(DEFINED arg_SEED)
      list(APPEND options --seed "${arg_SEED}")
    endif()
  endif()
  # Not every generator runs a command again because it reads differently.
  file(CONFIGURE OUTPUT "${folder}/words" CONTENT "${needed};${options}" @ONLY)
  add_custom_command(
    OUTPUT ${generated}
    COMMAND ${ischedule_EXECUTABLE} emit ${needed} -o "${folder}" ${options} --depfile "${folder}/schedule.d"
    DEPENDS ${needed} "${folder}/words"
    DEPFILE "${folder}/schedule.d"
    COMMENT "Solving, checking and emitting ${arg_CASE}"
    VERBATIM
  )
  target_sources(${target} PRIVATE ${generated})
  target_include_directories(${target} PRIVATE "${folder}")
  if(NOT arg_TABLE_ONLY)
    _ischedule_add_runtime(${target} "${case}")
    if(DEFINED arg_TARGET)
      _ischedule_add_port(${target} ${arg_TARGET} "${arg_BOARD}")
    endif()
  endif()
endfunction()

# Refuses what cmake_parse_arguments() has left over or not found.
macro(_ischedule_check_arguments)
  if(NOT TARGET ${target})
    message(FATAL_ERROR "ischedule_add_schedule: ${target} is not a target: add_executable(${target} ...) first")
  endif()
  if(arg_UNPARSED_ARGUMENTS OR arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "ischedule_add_schedule: ${arg_UNPARSED_ARGUMENTS}${arg_KEYWORDS_MISSING_VALUES}: not understood")
  endif()
  if(NOT DEFINED arg_CASE)
    message(FATAL_ERROR "ischedule_add_schedule: CASE is missing: name a case file")
  endif()
  foreach(file IN ITEMS "${arg_CASE}" "${arg_PLAN}")
    get_filename_component(path "${file}" ABSOLUTE)
    if(NOT file STREQUAL "" AND NOT EXISTS "${path}")
      get_source_file_property(made "${path}" GENERATED)
      if(NOT made)
        message(FATAL_ERROR "ischedule_add_schedule: there is no file ${path}")
      endif()
    endif()
  endforeach()
  if(DEFINED arg_SEED AND NOT arg_WEIGHTS)
    message(FATAL_ERROR "ischedule_add_schedule: SEED ${arg_SEED} draws weights: add WEIGHTS")
  endif()
endmacro()

# The runtime is compiled where it lies; what a target never calls, its linker leaves out. Explicit tasks need no layers.
function(_ischedule_add_runtime target case)
  file(GLOB sources "${ischedule_RUNTIME_DIR}/*.c")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${case}" "${ischedule_FIRMWARE_DIR}/__init__.py")
  if(EXISTS "${case}")
    file(READ "${case}" text)
    string(JSON tasks ERROR_VARIABLE problem TYPE "${text}" tasks)
    if(problem STREQUAL "NOTFOUND")
      list(FILTER sources EXCLUDE REGEX "/isched_(arithmetic|kernels|layers|regions|scaled|staging)[^/]*$")
    endif()
  endif()
  target_sources(${target} PRIVATE ${sources})
  target_include_directories(${target} PRIVATE "${ischedule_RUNTIME_DIR}")
endfunction()

# A port: its C and assembler, and its linker script. `board` takes the place of the circuit that it emulates.
function(_ischedule_add_port target name board)
  set(folder "${ischedule_PORTS_DIR}/${name}")
  if(name STREQUAL "msp430")
    set(folder "${ischedule_PORTS_DIR}/msp430-fram")
  elseif(name STREQUAL "cortex-m")
    set(folder "${ischedule_PORTS_DIR}/cortex-m-mps2")
  endif()
  if(NOT IS_DIRECTORY "${folder}")
    message(FATAL_ERROR "ischedule_add_schedule: TARGET ${name} is none of msp430, cortex-m, host")
  endif()
  file(GLOB sources "${folder}/*.c" "${folder}/*.S")
  file(GLOB scripts "${folder}/*.ld")
  if(board)
    list(FILTER sources EXCLUDE REGEX "/board_emulated\\.[cS]$")
    list(APPEND sources "${board}")
  endif()
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    list(FILTER sources EXCLUDE REGEX "/runtime\\.S$") # other compilers bring their own library
  endif()
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(sources MATCHES "\\.S(;|$)" AND NOT "ASM" IN_LIST languages)
    message(FATAL_ERROR "ischedule_add_schedule: TARGET ${name} has assembler: project(... LANGUAGES C ASM)")
  endif()
  target_sources(${target} PRIVATE ${sources})
  target_include_directories(${target} PRIVATE "${folder}")
  foreach(script IN LISTS scripts)
    target_link_options(${target} PRIVATE "-T${script}")
    set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${script}")
  endforeach()
endfunction()

set(ischedule_FOUND TRUE)
cmake_policy(POP)
