/* metrics.c - see metrics.h. */
#include "server.h"
#include "metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void metrics_accept(metrics *all, o2p_signal signal, uint64_t records)
{
    count_up(signal == O2P_SIGNAL_LOGS     ? &all->accepted_log_records
             : signal == O2P_SIGNAL_TRACES ? &all->accepted_spans
                                           : &all->accepted_metric_points,
             records);
}

int metrics_reserve(metrics *all, uint64_t bytes, uint64_t most)
{
    uint_fast64_t now = count_of(&all->pending_bytes);
    do {
        if (bytes > most || now > most - bytes)
            return 0;
    } while (!atomic_compare_exchange_weak(&all->pending_bytes, &now, now + bytes));
    return 1;
}

void metrics_count_batch(metrics *all, const o2p_batch *batch, uint64_t *counted)
{
    uint64_t now = batch != NULL ? o2p_batch_bytes(batch) : 0;
    count_up(&all->batch_bytes, now - *counted); /* less: around the end of the numbers */
    *counted = now;
}

char *metrics_text(metrics *all, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    if (out == NULL)
        return NULL;
#define X(name, prometheus, type, help)                                                            \
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", prometheus, help, prometheus,     \
            type, prometheus, count_of(&all->name));
    METRICS(X)
#undef X
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}
