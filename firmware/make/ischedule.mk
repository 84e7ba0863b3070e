# Turns a case into sources, for a Makefile of GNU make:
#
#     ISCHEDULE_CASE := case.json
#     include $(shell ischedule emit --folder make)/ischedule.mk
#     firmware: main.c $(ISCHEDULE_SOURCES)
#     	$(CC) $(CFLAGS) $(ISCHEDULE_CFLAGS) -o $@ $^
#
# The case is solved (unless there is a plan), the plan is checked against the case and emitted: before anything else is
# made, and again only when the case, a file that it names, the plan or ischedule itself has changed. A plan that the
# checker rejects ends the build. Set before the include, all but the first optional:
#
#     ISCHEDULE_CASE     the case file
#     ISCHEDULE_PLAN     a plan file for it; without one the case is solved
#     ISCHEDULE_TARGET   msp430, cortex-m or host: the port that comes with ischedule
#     ISCHEDULE_FLAGS    further options of `ischedule emit`: --weights, --seed N, --integrity
#     ISCHEDULE_DIR      where the sources go; the folder is this file's own, and emptied
#     ISCHEDULE          how ischedule is called
#
# It sets ISCHEDULE_SOURCES, ISCHEDULE_HEADERS, ISCHEDULE_ASSEMBLER and ISCHEDULE_CFLAGS, and `make ischedule-clean` removes the folder.

ISCHEDULE ?= ischedule
ISCHEDULE_DIR ?= build/ischedule
ISCHEDULE_GOAL := $(.DEFAULT_GOAL)

ifndef ISCHEDULE_CASE
$(error ISCHEDULE_CASE is not set: name a case file before ischedule.mk is included)
endif

ISCHEDULE_WORDS := emit $(ISCHEDULE_CASE) $(ISCHEDULE_PLAN) -o $(ISCHEDULE_DIR) \
  $(if $(ISCHEDULE_TARGET),--target $(ISCHEDULE_TARGET)) $(ISCHEDULE_FLAGS)

$(ISCHEDULE_DIR)/schedule.d: $(ISCHEDULE_CASE) $(ISCHEDULE_PLAN) $(ISCHEDULE_DIR).words
	@rm -rf $(ISCHEDULE_DIR)
	$(ISCHEDULE) $(ISCHEDULE_WORDS) --depfile $@.new
	@sed '1s|^[^:]*:|$@:|' $@.new > $@
	@rm $@.new

.PHONY: ischedule-clean
ischedule-clean:
	rm -rf $(ISCHEDULE_DIR) $(ISCHEDULE_DIR).words

# Made when it is included; make then starts again, and finds the sources. Nothing is solved to clean up.
ifneq ($(filter-out clean ischedule-clean,$(or $(MAKECMDGOALS),all)),)
# Says how the sources are made; written when that has changed, and only then.
$(shell echo '$(ISCHEDULE_WORDS)' | cmp -s - $(ISCHEDULE_DIR).words || \
  { mkdir -p $(dir $(ISCHEDULE_DIR)); echo '$(ISCHEDULE_WORDS)' > $(ISCHEDULE_DIR).words; })
include $(ISCHEDULE_DIR)/schedule.d
endif

.DEFAULT_GOAL := $(ISCHEDULE_GOAL)

ISCHEDULE_SOURCES := $(sort $(wildcard $(ISCHEDULE_DIR)/*.c))
ISCHEDULE_HEADERS := $(sort $(wildcard $(ISCHEDULE_DIR)/*.h))
ISCHEDULE_ASSEMBLER := $(sort $(wildcard $(ISCHEDULE_DIR)/*.S))
ISCHEDULE_CFLAGS := -I$(ISCHEDULE_DIR)
