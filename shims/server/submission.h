/* submission.h - a request between the thread that received it and the batch.
 *
 * The receiving worker fills it and hands it to the batcher, which answers through `done`, from a
 * thread of its own. In between the worker does not touch it.
 */
#ifndef O2P_SERVER_SUBMISSION_H
#define O2P_SERVER_SUBMISSION_H

#include <stddef.h>
#include <stdint.h>

#include "../../include/otlp2parquet.h"
#include "coding.h"
#include "wal.h"

typedef enum outcome {
    OUTCOME_ACCEPTED, /* kept as `ack` promises; result.counts says how many records */
    OUTCOME_REFUSED,  /* it cannot be read: result.error says why; nothing of it is kept */
    OUTCOME_BUSY      /* it cannot be kept now, nothing of it is, and it may be sent again */
} outcome;

typedef struct submission {
    struct submission *next; /* in whichever queue it is */

    o2p_signal signal;
    o2p_encoding encoding;
    coding coding;
    uint64_t received_ns; /* Unix time */
    const uint8_t *body;  /* as it came; stays until `kept` or `done` */
    size_t size;
    wal_hash128 body_hash; /* wal_hash128_of() it */
    const uint8_t *plain;  /* decompressed; `body` itself when it was not compressed */
    size_t plain_size;

    outcome outcome;
    o2p_result result;

    /* Its bytes are in the batch, and in the log if there is one: they may be released, while the
     * answer waits for the disk or the storage. Called once at most, before `done` and as that is;
     * NULL: nobody wants to know. */
    void (*kept)(struct submission *it);

    /* Gives it back. Called once, from any thread; must not block. */
    void (*done)(struct submission *it);
} submission;

/* Submissions in the order they came. */
typedef struct submission_list {
    submission *first;
    submission **end; /* where the next is put */
} submission_list;

static inline void submission_list_clear(submission_list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static inline void submission_list_add(submission_list *list, submission *last)
{
    last->next = NULL;
    *list->end = last;
    list->end = &last->next;
}

/* Answers all of them with `answer`; the list is empty then. */
static inline void submission_list_finish(submission_list *list, outcome answer)
{
    submission *next = list->first;
    submission_list_clear(list);
    while (next != NULL) {
        submission *one = next;
        next = one->next;
        one->outcome = answer;
        one->done(one);
    }
}

#endif
