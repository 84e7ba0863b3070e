/* A plugin for QEMU (TCG plugins, interface 1) under which power fails: after a number of instructions, or right after a
 * store into non-volatile memory. Arguments, as name=value:
 *
 *     kill_stores=N kill_steps=N     the emulator ends on the spot, after that many stores or instructions
 *     runs=FILE image=FILE report=FILE bytes=N byte=N boots=N
 *                                   one run for each line of the file, which says after how many stores power fails, each
 *                                   counted from the failure before it
 *
 * With runs=, power fails by the rule of a write gate: memory is set aside as it is after the store; what the firmware
 * does from there is void (between ~P and ~R of the report), and at its next boot memory is as it was set aside. The
 * firmware tells boots and ends by a store to the last word of the memory (board_emulated.c), after which it overwrites its
 * RAM and starts. `image` is the file behind the memory, of which `bytes` are in use; they are full of `byte` in each new
 * run. A run of more than `boots` boots is given up (~H). Each run ends with a line `~Z stores;`. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The part of qemu-plugin.h that is used here: Debian does not ship that file. */
typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
typedef uint32_t qemu_plugin_meminfo_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*tb_trans_t)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*mem_t)(unsigned int, qemu_plugin_meminfo_t, uint64_t, void *);
typedef void (*exec_t)(unsigned int, void *);
enum { CB_NO_REGS = 0 };
enum { MEM_WRITE = 2 };
extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, tb_trans_t);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *, mem_t, int, int, void *);
extern _Bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, exec_t, int, void *);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;
__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t, const qemu_info_t *, int, char **);

#define NV 0x21000000ULL
#define NV_BYTES 0x1000000ULL
#define SIGN (NV_BYTES - 4U)
#define SIGN_END 2U
#define LINE_MAX 4096

static uint64_t kill_stores;
static uint64_t kill_steps;
static uint64_t stores;
static uint64_t steps;

static FILE *runs;
static int report = -1;
static uint8_t *image;
static uint8_t *aside;
static size_t bytes;
static int byte = 0xff;
static unsigned long boots_max = 100000UL;

static char line[LINE_MAX];
static char *next;
static uint64_t fail_at;
static int failed;
static unsigned long boots;

static void say(const char *text)
{
    size_t size = strlen(text);
    if (write(report, text, size) != (ssize_t)size) {
        _exit(3);
    }
}

/* The failure that comes next in this run; none is at store 0, which never happens. */
static void expect_next_failure(void)
{
    stores = 0;
    fail_at = strtoull(next, &next, 10);
}

static void begin_run(void)
{
    if (fgets(line, LINE_MAX, runs) == NULL) {
        _exit(0);
    }
    next = line;
    boots = 0;
    memset(image, byte, bytes);
    expect_next_failure();
}

static void end_run(const char *how)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%s\n~Z %llx;\n", how, (unsigned long long)stores);
    say(text);
    begin_run();
}

/* The firmware is about to boot, or its run has ended. */
static void on_sign(void)
{
    uint32_t sign;
    memcpy(&sign, &image[SIGN], sizeof sign);
    boots++;
    if (failed) {
        failed = 0;
        memcpy(image, aside, bytes);
        expect_next_failure();
        say("\n~R;\n");
    } else if (sign == SIGN_END) {
        end_run("");
        return;
    }
    if (boots > boots_max) {
        end_run("\n~H;");
    }
}

static void on_store(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
    (void)cpu;
    (void)data;
    if (!qemu_plugin_mem_is_store(info) || address - NV >= NV_BYTES) {
        return;
    }
    if (address - NV == SIGN) {
        if (runs != NULL) {
            on_sign();
        }
        return;
    }
    stores++;
    if (kill_stores != 0 && stores == kill_stores) {
        _exit(0);
    }
    if (fail_at != 0 && !failed && stores == fail_at) {
        failed = 1;
        memcpy(aside, image, bytes);
        say("\n~P;\n");
    }
}

static void on_step(unsigned int cpu, void *data)
{
    (void)cpu;
    (void)data;
    if (steps++ == kill_steps) {
        _exit(0);
    }
}

static void on_block(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *one = qemu_plugin_tb_get_insn(block, i);
        qemu_plugin_register_vcpu_mem_cb(one, on_store, CB_NO_REGS, MEM_WRITE, NULL);
        if (kill_steps != 0) {
            qemu_plugin_register_vcpu_insn_exec_cb(one, on_step, CB_NO_REGS, NULL);
        }
    }
}

static void take_argument(const char *name, const char *value)
{
    if (strcmp(name, "kill_stores") == 0) {
        kill_stores = strtoull(value, NULL, 10);
    } else if (strcmp(name, "kill_steps") == 0) {
        kill_steps = strtoull(value, NULL, 10);
    } else if (strcmp(name, "runs") == 0) {
        runs = fopen(value, "r");
    } else if (strcmp(name, "report") == 0) {
        report = open(value, O_WRONLY | O_APPEND | O_CREAT, 0600);
    } else if (strcmp(name, "image") == 0) {
        int file = open(value, O_RDWR);
        void *memory = mmap(NULL, NV_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
        image = (memory == MAP_FAILED) ? NULL : memory;
    } else if (strcmp(name, "bytes") == 0) {
        bytes = strtoul(value, NULL, 10);
    } else if (strcmp(name, "byte") == 0) {
        byte = (int)strtoul(value, NULL, 10);
    } else if (strcmp(name, "boots") == 0) {
        boots_max = strtoul(value, NULL, 10);
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (equals == NULL) {
            return -1;
        }
        *equals = '\0';
        take_argument(argv[i], equals + 1);
    }
    if (runs != NULL) {
        aside = malloc(bytes + 1U);
        if (image == NULL || aside == NULL || report < 0) {
            return -1;
        }
        begin_run();
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
    return 0;
}
