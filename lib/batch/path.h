/* path.h - path templates: "{table}/year={year}/.../{time}-{hash}.parquet".
 */
#ifndef O2P_BATCH_PATH_H
#define O2P_BATCH_PATH_H

#include "../base/buffer.h"

/* How finely a template splits rows by their time. */
typedef enum o2p_path_span {
    O2P_SPAN_ALL,
    O2P_SPAN_YEAR,
    O2P_SPAN_MONTH,
    O2P_SPAN_DAY,
    O2P_SPAN_HOUR
} o2p_path_span;

/* What a file's path is made of. */
typedef struct o2p_path_values {
    const char *table;
    const uint8_t *service;
    size_t service_size;
    uint64_t min_time_ns;
    uint64_t hash;
} o2p_path_values;

/* NULL if the template (NULL: the default) is well-formed: it has {hash}, knows all its fields, is
 * relative and has no "." or ".." or empty segment. Otherwise what is wrong, as static text. */
const char *o2p_path_check(const char *path_template);

/* Whether some folder of the template is NAME=..., which readers take for a column of that name
 * (the case of A to Z aside). */
bool o2p_path_has_folder(const char *path_template, const char *name);

o2p_path_span o2p_path_time_span(const char *path_template);
bool o2p_path_has_service(const char *path_template);

/* A number that is equal for times in the same year, month, day or hour (UTC), and grows with them.
 */
uint32_t o2p_path_time_key(o2p_path_span span, uint64_t unix_ns);

/* Appends the path, NUL included. */
void o2p_path_append(o2p_buffer *out, const char *path_template, const o2p_path_values *values);

#endif
