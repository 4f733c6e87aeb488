/* walk.h - what the walkers of the three signals share.
 *
 * A walker reads one request straight into the columns of a store: no record is ever built. It
 * relies on each singular field of a message coming at most once, as every real client writes it.
 * When one comes again, protobuf wants the last scalar, or the messages merged: the walker then
 * gives up with O2P_WALK_MERGE, and the caller rolls back, normalises the whole request (merge.h)
 * and walks the result.
 */
#ifndef O2P_OTLP_WALK_H
#define O2P_OTLP_WALK_H

#include "../batch/attribute_text.h"
#include "../batch/store.h"
#include "known.h"
#include "wire.h"

/* Outside o2p_status: a singular field came twice. */
enum { O2P_WALK_MERGE = 1000 };

static inline o2p_span o2p_span_of(const o2p_wire_field *field)
{
    return (o2p_span){field->bytes, (size_t)field->value};
}

/* What is kept about an attribute list until its end. */
typedef struct o2p_list_scratch {
    o2p_buffer types;  /* letters of its values */
    o2p_buffer late;   /* see late_keys.c */
    o2p_buffer stamps; /* of keys; see attributes.c */
} o2p_list_scratch;

/* Most attribute lists, or kinds of them, that a row has: those of a span, its events and links. */
enum { O2P_LIST_PARTS = 3 };

/* Names of an enum's values that are looked up once a request. */
enum { O2P_KNOWN_NAMES = 8 };

typedef struct o2p_walk {
    o2p_store *store;
    o2p_limits limits;
    uint64_t default_time_ns;
    int status;           /* o2p_status or O2P_WALK_MERGE; the first one wins */
    const uint8_t *at;    /* where, in the request ... */
    const uint8_t *begin; /* ... that begins here */
    const char *what;     /* static text that says more, or NULL */
    bool full;            /* it is a limit of all that the store holds */
    o2p_counts counts;
    /* Attributes of resources, scopes and metrics, counted for each record; see walk.c. */
    uint64_t shared;
    uint64_t most_shared;          /* by one of them */
    const uint8_t *most_shared_at; /* which */
    uint64_t noted_records;        /* with DuplicateAttributes of their own */
    /* Scratch, kept from record to record. */
    o2p_buffer text; /* a value as text */
    /* Elements for DuplicateAttributes of the row being read, in the order of the columns they
     * belong to, by o2p_attribute_target.part: fields come in any order. */
    o2p_buffer duplicates[O2P_LIST_PARTS];
    o2p_buffer key; /* of a resource or scope */
    o2p_list_scratch
        lists[2];   /* of a record's list, and of a list inside its events, links, exemplars */
    uint32_t stamp; /* the last one given to a list */
    uint32_t names[2][O2P_KNOWN_NAMES]; /* of SpanKind, StatusCode: cells, or 0 */
    o2p_known known;
} o2p_walk;

void o2p_walk_init(o2p_walk *walk, o2p_store *store);
void o2p_walk_free(o2p_walk *walk);

/* Records a failure; returns false. */
static inline bool o2p_walk_fail(o2p_walk *walk, int status, const uint8_t *at)
{
    if (walk->status == O2P_OK) {
        walk->status = status;
        walk->at = at;
    }
    return false;
}

/* Records that a limit was reached; returns false. `what` is static text that names it. */
bool o2p_walk_over(o2p_walk *walk, const uint8_t *at, const char *what);

/* The same for a limit of all that the store holds. */
bool o2p_walk_full(o2p_walk *walk, const uint8_t *at, const char *what);

/* A field that no case of a walker takes: unknown, which is counted, or known with another wire
 * type, which is an error. */
bool o2p_walk_other(o2p_walk *walk, const o2p_message *message, const o2p_wire_field *field);

/* True when the field's number was not in *seen, a bit a number; false, with O2P_WALK_MERGE, when
 * it was. */
static inline bool o2p_walk_once(o2p_walk *walk, uint64_t *seen, const o2p_wire_field *field)
{
    uint64_t bit = (uint64_t)1 << (field->key >> 3 & 63);
    if (O2P_UNLIKELY((*seen & bit) != 0))
        return o2p_walk_fail(walk, O2P_WALK_MERGE, field->start);
    *seen |= bit;
    return true;
}

/* Ends a walker: true when its message was read to its end. */
static inline bool o2p_walk_end(o2p_walk *walk, const o2p_wire *wire)
{
    if (O2P_UNLIKELY(wire->status != O2P_OK))
        return o2p_walk_fail(walk, (int)wire->status, wire->at);
    return walk->status == O2P_OK;
}

/* Fields that become one cell. Defaults on the wire are the same as absence and cost nothing. */
static inline bool o2p_walk_text(o2p_walk *walk, o2p_rows *rows, o2p_col col, uint32_t row,
                                 const o2p_wire_field *field, uint64_t *seen)
{
    if (!o2p_walk_once(walk, seen, field))
        return false;
    if (field->value != 0)
        o2p_set_text(rows, col, row, field->bytes, (size_t)field->value, true);
    return true;
}

static inline bool o2p_walk_u64(o2p_walk *walk, o2p_rows *rows, o2p_col col, uint32_t row,
                                const o2p_wire_field *field, uint64_t *seen)
{
    if (!o2p_walk_once(walk, seen, field))
        return false;
    if (field->value != 0)
        o2p_set64(rows, col, row, field->value);
    return true;
}

/* A uint32 or fixed32, kept as INT64: protobuf takes the low 32 bits. */
static inline bool o2p_walk_u32(o2p_walk *walk, o2p_rows *rows, o2p_col col, uint32_t row,
                                const o2p_wire_field *field, uint64_t *seen)
{
    o2p_wire_field low = *field;
    low.value = (uint32_t)field->value;
    return o2p_walk_u64(walk, rows, col, row, &low, seen);
}

/* An enum or int32, kept as INT32. */
static inline bool o2p_walk_i32(o2p_walk *walk, o2p_rows *rows, o2p_col col, uint32_t row,
                                const o2p_wire_field *field, uint64_t *seen)
{
    if (!o2p_walk_once(walk, seen, field))
        return false;
    if ((uint32_t)field->value != 0)
        o2p_set32(rows, col, row, (uint32_t)field->value);
    return true;
}

/* An optional number, or a time for which 0 means unknown when `zero_is_null`. */
static inline bool o2p_walk_nullable(o2p_walk *walk, o2p_rows *rows, o2p_col col, uint32_t row,
                                     const o2p_wire_field *field, uint64_t *seen, bool zero_is_null)
{
    if (!o2p_walk_once(walk, seen, field))
        return false;
    if (field->value != 0 || !zero_is_null)
        o2p_set64_valid(rows, col, row, field->value);
    return true;
}

/* Starts the next row of a table, for a record; NULL at a limit, or without memory. */
o2p_rows *o2p_walk_new_row(o2p_walk *walk, o2p_table table, const o2p_wire_field *record,
                           uint32_t *row);

/* Where a walk is: to tell afterwards what it has read since. */
typedef struct o2p_walk_since {
    uint64_t records;
    uint64_t noted_records;
} o2p_walk_since;

static inline o2p_walk_since o2p_walk_here(const o2p_walk *walk)
{
    return (o2p_walk_since){walk->counts.accepted, walk->noted_records};
}

/* The share of a row of `source`. */
o2p_share o2p_walk_share_of(const o2p_walk *walk, o2p_source source, uint32_t row);

/* Counts what the records since then share; `at` is where it, or what it belongs to, begins. */
static inline void o2p_walk_share(o2p_walk *walk, o2p_walk_since since, o2p_share share,
                                  const uint8_t *at)
{
    uint64_t shared = share.attributes * (walk->counts.accepted - since.records);
    walk->shared += shared;
    walk->store->joined_bytes += share.note * (walk->noted_records - since.noted_records + 1);
    if (shared > walk->most_shared) {
        walk->most_shared = shared;
        walk->most_shared_at = at;
    }
}

/* ---- attributes.c ---- */

/* Where an attribute list goes. */
typedef struct o2p_attribute_target {
    o2p_col map;      /* MAP column */
    o2p_col types;    /* its companion */
    const char *path; /* its name in DuplicateAttributes; a % stands for the list element's index */
    unsigned part;    /* of the lists of its row: 0, 1, ... in the order of the columns */
} o2p_attribute_target;

/* One attribute list while it is read. */
typedef struct o2p_attributes {
    const o2p_attribute_target *target;
    o2p_rows *rows;
    uint32_t row;
    uint32_t element;  /* index for the % of the path */
    unsigned depth;    /* of its KeyValue messages below the request */
    unsigned level;    /* which of the walk's lists: 0 of a record, 1 of an element */
    uint32_t first;    /* its first entry among the column's */
    uint32_t count;    /* entries so far */
    uint32_t position; /* KeyValue messages so far */
    uint32_t stamp;    /* not 0: its keys are stamped with it */
    uint64_t seen;     /* a bit a key: of the low six bits of its index */
    o2p_wire *wire;    /* over the message that has the list; NULL: lists are not looked up */
    o2p_span fields;   /* of the list, while they are all in one piece and nothing was noticed */
    uint32_t field_count;
    uint32_t pieces;  /* of the list's fields */
    uint16_t *place;  /* of the list in walk->known, if it was looked for */
    uint32_t known;   /* which of the known ones it is, so far, or O2P_NO_LIST */
    uint64_t noticed; /* before it */
    bool typed;       /* some value is not a string */
} o2p_attributes;

void o2p_attributes_begin(o2p_attributes *list, const o2p_attribute_target *target, o2p_rows *rows,
                          uint32_t row, unsigned depth, unsigned level, o2p_wire *wire);
/* Reads one KeyValue, and those that follow directly if list->wire says where. False on failure. */
bool o2p_attributes_add(o2p_walk *walk, o2p_attributes *list, const o2p_wire_field *key_value);
bool o2p_attributes_end(o2p_walk *walk, o2p_attributes *list);

/* Moves the duplicates noted since the row began to its DuplicateAttributes cell, if there are any.
 */
void o2p_duplicates_end(o2p_walk *walk, o2p_rows *rows, uint32_t row);

/* ---- anyvalue.c ---- */

typedef struct o2p_any_text {
    const uint8_t *bytes; /* in the request or in walk->text */
    size_t size;
    bool input; /* in the request */
    char letter;
} o2p_any_text;

/* Whether a whole AnyValue is a string with a length of one byte, as most are; `any` is present. */
static inline bool o2p_any_is_plain(o2p_span any)
{
    return any.size >= 2 && any.bytes[0] == O2P_KEY(AnyValue_string_value, O2P_WIRE_LEN) &&
           any.bytes[1] < 0x80 && any.bytes[1] == any.size - 2;
}

/* Reads an AnyValue message, `depth` below the request, as text (RULINGS: as the OTLP specification
 * prints it). Strings are as they came, valid UTF-8 or not; other texts are valid. False on
 * failure. */
bool o2p_any_text_of(o2p_walk *walk, o2p_span any, unsigned depth, o2p_any_text *text);

/* Appends an AnyValue in OTLP/JSON form, e.g. {"intValue":"1"}. False on failure. */
bool o2p_any_json(o2p_walk *walk, o2p_span any, unsigned depth, o2p_buffer *out);

/* Appends a JSON string, invalid UTF-8 repaired and counted. */
void o2p_json_text(o2p_walk *walk, const uint8_t *bytes, size_t size, o2p_buffer *out);

/* Reads a KeyValue message. Members that are absent have bytes NULL. */
bool o2p_key_value_of(o2p_walk *walk, const uint8_t *bytes, size_t size, o2p_span *key,
                      o2p_span *value);

/* ---- group.c ---- */

/* Finds or reads a Resource or InstrumentationScope with its schema URL; NULL on failure. Valid
 * until the next one. */
const o2p_known_group *o2p_walk_group(o2p_walk *walk, o2p_source source, o2p_span message,
                                      o2p_span schema_url);

/* ---- logs.c, traces.c, metrics.c ---- */

/* Read a record, span or metric (a field of a ScopeX) and add its rows. False on failure. */
bool o2p_walk_log_record(o2p_walk *walk, const o2p_wire_field *record);
bool o2p_walk_span(o2p_walk *walk, const o2p_wire_field *span);
bool o2p_walk_metric(o2p_walk *walk, const o2p_wire_field *metric);

/* ---- request.c ---- */

/* The message of a signal's requests. */
const o2p_message *o2p_request_message(o2p_signal signal);

/* Reads a whole request into the store. False on failure: then walk->status and walk->at tell. */
bool o2p_walk_request(o2p_walk *walk, o2p_signal signal, const uint8_t *bytes, size_t size);

#endif
