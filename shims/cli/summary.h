/* summary.h - what a conversion came to, for people and for programs. */
#ifndef O2P_CLI_SUMMARY_H
#define O2P_CLI_SUMMARY_H

#include "request.h"

/* A file that was written. */
struct written_file {
    o2p_table table;
    char *path;
    size_t size;
    uint64_t rows;
    uint64_t min_time_ns;
    uint64_t max_time_ns;
};

struct summary {
    struct written_file *files;
    size_t file_count;
    o2p_counts counts;
    uint64_t requests;       /* converted; of JSON lines: lines */
    uint64_t bytes;          /* of these */
    uint64_t repeated;       /* files equal to one written before, name and all */
    struct reason rejection; /* why the first record or line that was left out was; status O2P_OK:
                                none was. Its name is the input list's. */
};

/* Whether one of the first `count` files has this path. */
bool summary_has(const struct summary *summary, size_t count, const char *path);
/* Adds a file with ownership of its path. */
void summary_add(struct summary *summary, const o2p_file *file, char *path);
void summary_add_counts(struct summary *summary, const o2p_counts *counts);
void summary_free(struct summary *summary);

void summary_print(const struct summary *summary);
void summary_print_json(const struct summary *summary);

#endif
