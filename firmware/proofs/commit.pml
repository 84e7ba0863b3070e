/* The commit protocol of a cell: banks of records, a head of one atomic unit, and tasks that compute in non-volatile memory.
 *
 *     spin -a commit.pml && cc -O2 -DSAFETY -o pan pan.c && ./pan -m100000
 *
 * Every store is buffered by its bus until it is completed. Power fails after any step, as often as it likes, recovery
 * and the count of boots included; each store that was not completed is then kept or lost, whatever came before or after
 * it. So a record of several units is torn in every way, and only what waits for completion is in order.
 *
 * Values are names, not numbers: what a task writes is its own name and the inference's if what it read are the names
 * that it expects, and BAD otherwise. A checksum is its arguments: it detects what it is meant to.
 *
 * A device starts idle, at any sequence number, with anything in the bank that is not published; in the variants at 0.
 *
 * Variants, not faults: CORRUPTS (a unit of the metadata is replaced by what no checksum accepts),
 * DROPS (a unit of a record, or the head that publishes it, is lost although its store was completed). Faults, one at a time: HEAD_FIRST, IN_PLACE,
 * NO_BARRIER, NO_DATA_COMPLETE, NO_RECORD_COMPLETE, SINGLE_BANK, TWO_REGIONS, FREED_AT_LAST_READ, FALLS_BACK (with
 * CORRUPTS), NO_READ_BACK and HEAD_NOT_READ_BACK (with DROPS), BOOTS_NOT_COUNTED. And REACHES_RESULT, REACHES_MOST_BOOTS, REACHES_WRAP assert that
 * what the proof is about is not reached: they must fail. */

#define CYCLES 4
#define IDLE 5
#ifndef INFERENCES
#define INFERENCES 3    /* named modulo this: what is left of the last two is told from what is wanted */
#endif
#ifndef MOST_BOOTS
#define MOST_BOOTS 3    /* where the count stops; 7 in the runtime */
#endif
#define TRIES 2

/* Places in non-volatile memory. */
#define INPUT 0
#define SUMS0 1
#define SUMS1 2
#define SUMS2 3
#define OTHER 4
#define DATA_END 5
#define HEAD 5
#define BANKS 6         /* two banks of three units: the step, and a checksum of two units */
#define UNITS 3
#define PLACES 12

#define BAD 0
#define GARBAGE 255
#define BROKEN_HEAD 128 /* a head whose check bits are wrong: what it says otherwise is arbitrary */

/* The plan. Sums go through three regions: pass 1 | passes 2 and 3 | pass 4 and a layer | a layer. Every pass reads the
 * input, so it lives until cycle 2 is published; the last layer's result takes its place. */
#ifdef IN_PLACE
#define PASS2_TO SUMS0
#else
#define PASS2_TO SUMS1
#endif
#ifdef TWO_REGIONS
#define PASS3_TO SUMS0
#else
#define PASS3_TO SUMS2
#endif
#define PASS4_TO SUMS0
#ifdef FREED_AT_LAST_READ
#define LAYER_TO INPUT
#else
#define LAYER_TO OTHER
#endif
#define RESULT_TO (INPUT + OTHER - LAYER_TO)

#define NAME(task) (1 + (task) * INFERENCES + inference)
#define CRC(step, sequence) (1 + (step) * 4 + (sequence))
#define BANK(sequence) (BANKS + UNITS * ((sequence) & 1))

byte nv[PLACES];        /* what is kept */
byte bus[PLACES];       /* what is on its way */
bool busy[PLACES];      /* whether something is */

byte step;              /* volatile: what the runtime believes */
byte current;
byte to;                /* the step to publish */
byte tries;
byte at;
bool same;

/* What is published, by what took effect, not by what is stored. */
byte published = IDLE;
byte inference;         /* the one that is published or being begun */
byte boots;             /* counted since then */
byte meant;             /* the step that the head on its way stands for */
bool meant_anew;        /* and whether it is a new record */
bool lost;              /* metadata was changed, and nothing published since */
bool corrupted;         /* once */

inline took_effect() {
    if
    :: at == HEAD && meant_anew -> published = meant; boots = 0; lost = false
    :: at == HEAD && !meant_anew -> boots = (boots < MOST_BOOTS -> boots + 1 : boots)
    :: else
    fi
}

inline keep(place) {
    nv[place] = bus[place]; bus[place] = 0; busy[place] = false
}

/* Power fails here, or does not. */
#define may_fail if :: goto failed :: skip fi

inline store(place, value) {
    atomic { bus[place] = value; busy[place] = true };
    may_fail
}

inline complete(from, end) {
    atomic {
        at = from;
        do
        :: at < end && busy[at] -> keep(at); took_effect(); at++
        :: at < end && !busy[at] -> at++
        :: else -> break
        od;
        at = 0
    };
    may_fail
}

#define reads(place) (busy[place] -> bus[place] : nv[place])

/* A task reads two places, both of names that it expects, and writes one. */
inline task(writes, in1, expects1, in2, expects2, out) {
    atomic {
        same = (reads(in1) == NAME(expects1));
        same = (same && reads(in2) == NAME(expects2));
        bus[out] = (same -> NAME(writes) : BAD);
        busy[out] = true;
        same = false
    };
    may_fail
}

/* A store of a record or of the head that publishes it; with DROPS any unit of it may be lost on the way. */
#ifdef DROPS
#define store_unit(unit, content) if :: store(unit, content) :: skip fi
#else
#define store_unit(unit, content) store(unit, content)
#endif

#define NEXT ((current + 1) & 3)

inline publish_head() {
    atomic { meant = to; meant_anew = true };
    store_unit(HEAD, NEXT);
    complete(HEAD, PLACES)
}

inline count_boot() {
    atomic { meant = step; meant_anew = false };
    store(HEAD, current);
    complete(HEAD, PLACES)
}

#ifdef SINGLE_BANK
#define TARGET BANKS
#define SOURCE(sequence) BANKS
#else
#define TARGET BANK(NEXT)
#define SOURCE(sequence) BANK(sequence)
#endif

inline publish() {
#ifndef NO_DATA_COMPLETE
    complete(INPUT, DATA_END);
#endif
#ifdef HEAD_FIRST
    publish_head();
#endif
    atomic { tries = 0; same = false };
    do
    :: !same && tries < TRIES ->
        store_unit(TARGET, to);
        store_unit(TARGET + 1, CRC(to, NEXT));
#ifdef NO_BARRIER
        publish_head();                 /* moved before a store that precedes it in the source */
#endif
        store_unit(TARGET + 2, CRC(to, NEXT));
#ifndef NO_RECORD_COMPLETE
        complete(HEAD, PLACES);
#endif
#ifdef NO_READ_BACK
        same = true;
#else
        same = (reads(TARGET) == to && reads(TARGET + 1) == CRC(to, NEXT) &&
                reads(TARGET + 2) == CRC(to, NEXT));
#endif
#if !defined(HEAD_FIRST) && !defined(NO_BARRIER)
        if
        :: same ->
            publish_head();
#if !defined(NO_READ_BACK) && !defined(HEAD_NOT_READ_BACK)
            same = (reads(HEAD) == NEXT)
#endif
        :: else
        fi;
#endif
        tries++
    :: else -> break
    od;
    if
    :: !same -> goto failed         /* a fault of memory is reported; nothing was published */
    :: else
    fi;
    atomic { current = NEXT; step = to; to = 0; tries = 0; same = false }
}

#define verifies(of) \
    (nv[SOURCE(of) + 1] == CRC(nv[SOURCE(of)], of) && nv[SOURCE(of) + 2] == CRC(nv[SOURCE(of)], of))

inline load() {
    atomic {
        current = nv[HEAD] & 31;
        if
        :: nv[HEAD] < 32 && verifies(current & 3) -> step = nv[SOURCE(current & 3)]
#ifdef FALLS_BACK
        :: !(nv[HEAD] < 32 && verifies(current & 3)) && verifies((current + 3) & 3) -> step = nv[SOURCE((current + 3) & 3)]
#else
        :: !(nv[HEAD] < 32 && verifies(current & 3)) -> step = IDLE
#endif
        :: else -> step = IDLE
        fi
    }
}

/* What recovery at the published step reads is what an uninterrupted run has there. */
inline golden() {
    if
    :: published == 0 -> assert(nv[INPUT] == NAME(0))
    :: published == 1 -> assert(nv[INPUT] == NAME(0) && nv[SUMS0] == NAME(1))
    :: published == 2 -> assert(nv[INPUT] == NAME(0) && nv[PASS3_TO] == NAME(3))
    :: published == 3 -> assert(nv[LAYER_TO] == NAME(5))
    :: published == CYCLES -> assert(nv[RESULT_TO] == NAME(6))
    :: else
    fi
}

/* Each store on its way is kept or lost; volatile memory is gone. */
inline fail() {
    atomic {
        at = 0;
        do
        :: at < PLACES && busy[at] -> keep(at); took_effect(); at++
        :: at < PLACES && busy[at] -> bus[at] = 0; busy[at] = false; at++
        :: at < PLACES && !busy[at] -> at++
        :: at >= PLACES -> break
        od;
        at = 0; step = 0; current = 0; to = 0; tries = 0; same = false; meant = 0; meant_anew = false;
        golden()
    }
}

inline anything(unit) {
    if
    :: nv[unit] = GARBAGE
    :: nv[unit] = 0
    :: nv[unit] = CRC(0, 1)
    :: nv[unit] = CRC(GARBAGE, 3)
    fi
}

inline corrupt() {
#ifdef CORRUPTS
    atomic {
        if
        :: skip
        :: !corrupted -> corrupted = true; lost = true; nv[HEAD] = BROKEN_HEAD
        :: !corrupted -> corrupted = true; lost = true; nv[HEAD] = BROKEN_HEAD + 1
        :: !corrupted -> corrupted = true; lost = true; nv[BANK(nv[HEAD]) + 1] = GARBAGE
        :: !corrupted -> corrupted = true; nv[BANK(nv[HEAD] + 1) + 1] = GARBAGE
        fi
    }
#else
    skip
#endif
}

active proctype device() {
    byte bank;
    atomic {
#if !defined(CORRUPTS) && !defined(DROPS)
        if :: current = 0 :: current = 1 :: current = 2 :: current = 3 fi;
#endif
        nv[HEAD] = current;
        nv[SOURCE(current)] = IDLE;
        nv[SOURCE(current) + 1] = CRC(IDLE, current);
        nv[SOURCE(current) + 2] = CRC(IDLE, current);
#if !defined(CORRUPTS) && !defined(DROPS) && !defined(SINGLE_BANK)
        bank = BANK(current + 1);
        anything(bank); anything(bank + 1); anything(bank + 2);
        bank = 0
#endif
    };
boot:
    load();
    assert(lost || step == published);          /* progress is neither lost nor invented */
    assert(!lost || step == IDLE);              /* what does not verify is never replaced by something older */
    assert(lost || (current >> 2) == boots);
    if
    :: step < CYCLES ->
#ifndef BOOTS_NOT_COUNTED
        current = ((current >> 2) < MOST_BOOTS -> current + 4 : current);
        count_boot();
#endif
        assert((nv[HEAD] >> 2) == boots && boots > 0);
#ifdef REACHES_MOST_BOOTS
        assert(boots < MOST_BOOTS)
#endif
    :: else
    fi;
    do
    :: true ->
        if
        :: step == IDLE ->                      /* a new input, in the application's own time */
            atomic { published = IDLE; current = current & 3; inference = (inference + 1) % INFERENCES };
            store(INPUT, NAME(0));
            to = 0
        :: step == 0 ->
            task(1, INPUT, 0, INPUT, 0, SUMS0);
            to = 1
        :: step == 1 ->
            task(2, INPUT, 0, SUMS0, 1, PASS2_TO);
            task(3, INPUT, 0, PASS2_TO, 2, PASS3_TO);
            to = 2
        :: step == 2 ->
            task(4, INPUT, 0, PASS3_TO, 3, PASS4_TO);
            task(5, PASS4_TO, 4, PASS4_TO, 4, LAYER_TO);
            to = 3
        :: step == 3 ->
            task(6, LAYER_TO, 5, LAYER_TO, 5, RESULT_TO);
            to = CYCLES
        :: step == CYCLES ->
            assert(nv[RESULT_TO] == NAME(6));
#ifdef REACHES_RESULT
            assert(false);
#endif
#ifdef REACHES_WRAP
            assert((current & 3) != 3 || inference != INFERENCES - 1);
#endif
            to = IDLE
        :: step < CYCLES -> to = IDLE           /* given up */
        fi;
        publish()
    od;
failed:
    fail();
    corrupt();
    goto boot
}
