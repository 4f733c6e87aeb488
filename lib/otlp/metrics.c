/* metrics.c - Metric and its data points into the five metric tables.
 *
 * Name, description, unit, metadata, temporality and monotonicity belong to the metric and are kept
 * once, as a METRIC row, for all its points.
 */
#include "walk.h"

enum { METRIC_DEPTH = 3, POINT_DEPTH = 5 }; /* ..., Metric, Gauge (...), NumberDataPoint (...) */

static const o2p_attribute_target metric_metadata = {
    O2P_COL_MetricMetadata, O2P_COL_MetricMetadataTypes, "MetricMetadata", 0};
static const o2p_attribute_target point_attributes = {O2P_COL_Attributes, O2P_COL_AttributesTypes,
                                                      "Attributes", 0};
static const o2p_attribute_target exemplar_attributes = {O2P_COL_ExemplarsFilteredAttributes,
                                                         O2P_COL_ExemplarsFilteredAttributesTypes,
                                                         "Exemplars[%].FilteredAttributes", 1};

/* A data point while it is read. */
typedef struct point_state {
    o2p_rows *rows;
    uint32_t row;
    uint32_t exemplars;
    uint64_t seen;
    o2p_attributes *list;
} point_state;

/* ---- numbers ---- */

/* Sets the double of a point or exemplar, and the integer if it was one. A second member of the
 * oneof is the merger's business. */
static bool set_number(o2p_walk *walk, o2p_rows *rows, o2p_col value, o2p_col value_int,
                       uint32_t row, const o2p_wire_field *field, bool integer, bool *seen)
{
    uint64_t bits = field->value;
    if (*seen)
        return o2p_walk_fail(walk, O2P_WALK_MERGE, field->start);
    *seen = true;
    if (integer) {
        double rounded = (double)(int64_t)field->value; /* to nearest even: C11 F.4 */
        memcpy(&bits, &rounded, sizeof(bits));
        o2p_set64_valid(rows, value_int, row, field->value);
    }
    o2p_set64_valid(rows, value, row, bits);
    return true;
}

static bool add_varints(o2p_walk *walk, o2p_buffer *items, const o2p_wire_field *packed)
{
    o2p_wire wire = o2p_wire_over(packed->bytes, (size_t)packed->value);
    uint64_t value;
    while (wire.at != wire.end && o2p_wire_varint(&wire, &value))
        o2p_buffer_u64(items, value);
    return o2p_walk_end(walk, &wire);
}

static bool add_fixed(o2p_walk *walk, o2p_buffer *items, const o2p_wire_field *packed)
{
    enum { WIDTH = 8 };
    size_t count = (size_t)packed->value / WIDTH;
    if (packed->value % WIDTH != 0)
        return o2p_walk_fail(walk, O2P_ERR_TRUNCATED, packed->bytes + count * WIDTH);
    uint64_t *at = count == 0 ? NULL : (uint64_t *)o2p_buffer_extend(items, count * WIDTH);
    for (size_t i = 0; i < count && at != NULL; i++)
        at[i] = o2p_load_le64(packed->bytes + i * WIDTH);
    return true;
}

/* Appends to an x_LIST the one value of the field, or all of a packed one. `varint`: else fixed64.
 */
static bool add_items(o2p_walk *walk, point_state *point, o2p_col col, const o2p_wire_field *field,
                      bool varint)
{
    o2p_buffer *items = o2p_column_items(point->rows, col);
    if ((field->key & 7) == O2P_WIRE_LEN)
        return varint ? add_varints(walk, items, field) : add_fixed(walk, items, field);
    o2p_buffer_u64(items, field->value);
    return true;
}

static void end_items(const point_state *point, o2p_col col)
{
    o2p_end_list(point->rows, col, point->row, point->rows->columns[col].items.size / 8);
}

/* sint32: zigzag of the low 32 bits. */
static bool read_sint32(o2p_walk *walk, point_state *point, o2p_col col,
                        const o2p_wire_field *field, uint64_t *seen)
{
    uint32_t zigzag = (uint32_t)field->value;
    o2p_wire_field decoded = *field;
    decoded.value = (zigzag >> 1) ^ (0 - (zigzag & 1));
    return o2p_walk_i32(walk, point->rows, col, point->row, &decoded, seen);
}

/* ---- exemplars ---- */

static bool read_exemplar(o2p_walk *walk, point_state *point, const o2p_wire_field *exemplar)
{
    o2p_rows *rows = point->rows;
    uint32_t row = rows->columns[O2P_COL_Exemplars].child_rows++;
    o2p_wire wire = o2p_wire_over(exemplar->bytes, (size_t)exemplar->value);
    o2p_wire_field field;
    o2p_attributes list;
    uint64_t seen = 0;
    bool number = false;
    o2p_attributes_begin(&list, &exemplar_attributes, rows, row, POINT_DEPTH + 2, 1, &wire);
    list.element = point->exemplars++;
    while (o2p_wire_next(&wire, &field)) {
        bool ok;
        switch (field.key) {
        case O2P_KEY(Exemplar_time_unix_nano, O2P_WIRE_FIXED64):
            ok = o2p_walk_u64(walk, rows, O2P_COL_ExemplarsTimeUnix, row, &field, &seen);
            break;
        case O2P_KEY(Exemplar_as_double, O2P_WIRE_FIXED64):
        case O2P_KEY(Exemplar_as_int, O2P_WIRE_FIXED64):
            ok = set_number(walk, rows, O2P_COL_ExemplarsValue, O2P_COL_ExemplarsValueInt, row,
                            &field, field.key >> 3 == otlp_Exemplar_as_int_tag, &number);
            break;
        case O2P_KEY(Exemplar_span_id, O2P_WIRE_LEN):
            ok = o2p_walk_text(walk, rows, O2P_COL_ExemplarsSpanId, row, &field, &seen);
            break;
        case O2P_KEY(Exemplar_trace_id, O2P_WIRE_LEN):
            ok = o2p_walk_text(walk, rows, O2P_COL_ExemplarsTraceId, row, &field, &seen);
            break;
        case O2P_KEY(Exemplar_filtered_attributes, O2P_WIRE_LEN):
            ok = o2p_attributes_add(walk, &list, &field);
            break;
        default:
            ok = o2p_walk_other(walk, O2P_MESSAGE(Exemplar), &field);
        }
        if (!ok)
            return false;
    }
    return o2p_walk_end(walk, &wire) && o2p_attributes_end(walk, &list);
}

/* ---- points ---- */

/* Reads one field of a point of some type. */
typedef bool point_field(o2p_walk *walk, point_state *point, const o2p_wire_field *field);

static bool read_times(o2p_walk *walk, point_state *point, const o2p_wire_field *field, bool start)
{
    return start
               ? o2p_walk_nullable(walk, point->rows, O2P_COL_StartTimeUnix, point->row, field,
                                   &point->seen, true)
               : o2p_walk_u64(walk, point->rows, O2P_COL_TimeUnix, point->row, field, &point->seen);
}

static bool optional_double(o2p_walk *walk, point_state *point, o2p_col col,
                            const o2p_wire_field *field)
{
    return o2p_walk_nullable(walk, point->rows, col, point->row, field, &point->seen, false);
}

static bool number_field(o2p_walk *walk, point_state *point, const o2p_wire_field *field)
{
    o2p_rows *rows = point->rows;
    switch (field->key) {
    case O2P_KEY(NumberDataPoint_start_time_unix_nano, O2P_WIRE_FIXED64):
    case O2P_KEY(NumberDataPoint_time_unix_nano, O2P_WIRE_FIXED64):
        return read_times(walk, point, field,
                          field->key >> 3 == otlp_NumberDataPoint_start_time_unix_nano_tag);
    case O2P_KEY(NumberDataPoint_as_double, O2P_WIRE_FIXED64):
    case O2P_KEY(NumberDataPoint_as_int, O2P_WIRE_FIXED64): {
        bool seen = (point->seen & 1) != 0; /* bit 0: no field has number 0 */
        point->seen |= 1;
        return set_number(walk, rows, O2P_COL_Value, O2P_COL_ValueInt, point->row, field,
                          field->key >> 3 == otlp_NumberDataPoint_as_int_tag, &seen);
    }
    case O2P_KEY(NumberDataPoint_exemplars, O2P_WIRE_LEN):
        return read_exemplar(walk, point, field);
    case O2P_KEY(NumberDataPoint_attributes, O2P_WIRE_LEN):
        return o2p_attributes_add(walk, point->list, field);
    case O2P_KEY(NumberDataPoint_flags, O2P_WIRE_VARINT):
        return o2p_walk_u32(walk, rows, O2P_COL_Flags, point->row, field, &point->seen);
    default:
        return o2p_walk_other(walk, O2P_MESSAGE(NumberDataPoint), field);
    }
}

static bool histogram_field(o2p_walk *walk, point_state *point, const o2p_wire_field *field)
{
    o2p_rows *rows = point->rows;
    switch (field->key) {
    case O2P_KEY(HistogramDataPoint_start_time_unix_nano, O2P_WIRE_FIXED64):
    case O2P_KEY(HistogramDataPoint_time_unix_nano, O2P_WIRE_FIXED64):
        return read_times(walk, point, field,
                          field->key >> 3 == otlp_HistogramDataPoint_start_time_unix_nano_tag);
    case O2P_KEY(HistogramDataPoint_count, O2P_WIRE_FIXED64):
        return o2p_walk_u64(walk, rows, O2P_COL_Count, point->row, field, &point->seen);
    case O2P_KEY(HistogramDataPoint_sum, O2P_WIRE_FIXED64):
        return optional_double(walk, point, O2P_COL_Sum, field);
    case O2P_KEY(HistogramDataPoint_min, O2P_WIRE_FIXED64):
        return optional_double(walk, point, O2P_COL_Min, field);
    case O2P_KEY(HistogramDataPoint_max, O2P_WIRE_FIXED64):
        return optional_double(walk, point, O2P_COL_Max, field);
    case O2P_KEY(HistogramDataPoint_bucket_counts, O2P_WIRE_FIXED64):
    case O2P_KEY(HistogramDataPoint_bucket_counts, O2P_WIRE_LEN):
        return add_items(walk, point, O2P_COL_BucketCounts, field, false);
    case O2P_KEY(HistogramDataPoint_explicit_bounds, O2P_WIRE_FIXED64):
    case O2P_KEY(HistogramDataPoint_explicit_bounds, O2P_WIRE_LEN):
        return add_items(walk, point, O2P_COL_ExplicitBounds, field, false);
    case O2P_KEY(HistogramDataPoint_exemplars, O2P_WIRE_LEN):
        return read_exemplar(walk, point, field);
    case O2P_KEY(HistogramDataPoint_attributes, O2P_WIRE_LEN):
        return o2p_attributes_add(walk, point->list, field);
    case O2P_KEY(HistogramDataPoint_flags, O2P_WIRE_VARINT):
        return o2p_walk_u32(walk, rows, O2P_COL_Flags, point->row, field, &point->seen);
    default:
        return o2p_walk_other(walk, O2P_MESSAGE(HistogramDataPoint), field);
    }
}

static bool read_buckets(o2p_walk *walk, point_state *point, const o2p_wire_field *buckets,
                         o2p_col offset, o2p_col counts)
{
    o2p_wire wire = o2p_wire_over(buckets->bytes, (size_t)buckets->value);
    o2p_wire_field field;
    uint64_t seen = 0;
    if (!o2p_walk_once(walk, &point->seen, buckets))
        return false;
    while (o2p_wire_next(&wire, &field)) {
        bool ok;
        switch (field.key) {
        case O2P_KEY(Buckets_offset, O2P_WIRE_VARINT):
            ok = read_sint32(walk, point, offset, &field, &seen);
            break;
        case O2P_KEY(Buckets_bucket_counts, O2P_WIRE_VARINT):
        case O2P_KEY(Buckets_bucket_counts, O2P_WIRE_LEN):
            ok = add_items(walk, point, counts, &field, true);
            break;
        default:
            ok = o2p_walk_other(walk, O2P_MESSAGE(Buckets), &field);
        }
        if (!ok)
            return false;
    }
    return o2p_walk_end(walk, &wire);
}

#define EXPONENTIAL(field, wire_type) O2P_KEY(ExponentialHistogramDataPoint_##field, wire_type)

static bool exponential_field(o2p_walk *walk, point_state *point, const o2p_wire_field *field)
{
    o2p_rows *rows = point->rows;
    switch (field->key) {
    case EXPONENTIAL(attributes, O2P_WIRE_LEN):
        return o2p_attributes_add(walk, point->list, field);
    case EXPONENTIAL(start_time_unix_nano, O2P_WIRE_FIXED64):
        return read_times(walk, point, field, true);
    case EXPONENTIAL(time_unix_nano, O2P_WIRE_FIXED64):
        return read_times(walk, point, field, false);
    case EXPONENTIAL(count, O2P_WIRE_FIXED64):
        return o2p_walk_u64(walk, rows, O2P_COL_Count, point->row, field, &point->seen);
    case EXPONENTIAL(sum, O2P_WIRE_FIXED64):
        return optional_double(walk, point, O2P_COL_Sum, field);
    case EXPONENTIAL(min, O2P_WIRE_FIXED64):
        return optional_double(walk, point, O2P_COL_Min, field);
    case EXPONENTIAL(max, O2P_WIRE_FIXED64):
        return optional_double(walk, point, O2P_COL_Max, field);
    case EXPONENTIAL(scale, O2P_WIRE_VARINT):
        return read_sint32(walk, point, O2P_COL_Scale, field, &point->seen);
    case EXPONENTIAL(zero_count, O2P_WIRE_FIXED64):
        return o2p_walk_u64(walk, rows, O2P_COL_ZeroCount, point->row, field, &point->seen);
    case EXPONENTIAL(zero_threshold, O2P_WIRE_FIXED64):
        return o2p_walk_u64(walk, rows, O2P_COL_ZeroThreshold, point->row, field, &point->seen);
    case EXPONENTIAL(positive, O2P_WIRE_LEN):
        return read_buckets(walk, point, field, O2P_COL_PositiveOffset,
                            O2P_COL_PositiveBucketCounts);
    case EXPONENTIAL(negative, O2P_WIRE_LEN):
        return read_buckets(walk, point, field, O2P_COL_NegativeOffset,
                            O2P_COL_NegativeBucketCounts);
    case EXPONENTIAL(flags, O2P_WIRE_VARINT):
        return o2p_walk_u32(walk, rows, O2P_COL_Flags, point->row, field, &point->seen);
    case EXPONENTIAL(exemplars, O2P_WIRE_LEN):
        return read_exemplar(walk, point, field);
    default:
        return o2p_walk_other(walk, O2P_MESSAGE(ExponentialHistogramDataPoint), field);
    }
}

static bool read_quantile(o2p_walk *walk, point_state *point, const o2p_wire_field *quantile)
{
    uint32_t row = point->rows->columns[O2P_COL_ValueAtQuantiles].child_rows++;
    o2p_wire wire = o2p_wire_over(quantile->bytes, (size_t)quantile->value);
    o2p_wire_field field;
    uint64_t seen = 0;
    while (o2p_wire_next(&wire, &field)) {
        bool ok;
        switch (field.key) {
        case O2P_KEY(ValueAtQuantile_quantile, O2P_WIRE_FIXED64):
            ok = o2p_walk_u64(walk, point->rows, O2P_COL_QuantilesQuantile, row, &field, &seen);
            break;
        case O2P_KEY(ValueAtQuantile_value, O2P_WIRE_FIXED64):
            ok = o2p_walk_u64(walk, point->rows, O2P_COL_QuantilesValue, row, &field, &seen);
            break;
        default:
            ok = o2p_walk_other(walk, O2P_MESSAGE(ValueAtQuantile), &field);
        }
        if (!ok)
            return false;
    }
    return o2p_walk_end(walk, &wire);
}

static bool summary_field(o2p_walk *walk, point_state *point, const o2p_wire_field *field)
{
    o2p_rows *rows = point->rows;
    switch (field->key) {
    case O2P_KEY(SummaryDataPoint_start_time_unix_nano, O2P_WIRE_FIXED64):
    case O2P_KEY(SummaryDataPoint_time_unix_nano, O2P_WIRE_FIXED64):
        return read_times(walk, point, field,
                          field->key >> 3 == otlp_SummaryDataPoint_start_time_unix_nano_tag);
    case O2P_KEY(SummaryDataPoint_count, O2P_WIRE_FIXED64):
        return o2p_walk_u64(walk, rows, O2P_COL_Count, point->row, field, &point->seen);
    case O2P_KEY(SummaryDataPoint_sum, O2P_WIRE_FIXED64):
        return o2p_walk_u64(walk, rows, O2P_COL_SummarySum, point->row, field, &point->seen);
    case O2P_KEY(SummaryDataPoint_quantile_values, O2P_WIRE_LEN):
        return read_quantile(walk, point, field);
    case O2P_KEY(SummaryDataPoint_attributes, O2P_WIRE_LEN):
        return o2p_attributes_add(walk, point->list, field);
    case O2P_KEY(SummaryDataPoint_flags, O2P_WIRE_VARINT):
        return o2p_walk_u32(walk, rows, O2P_COL_Flags, point->row, field, &point->seen);
    default:
        return o2p_walk_other(walk, O2P_MESSAGE(SummaryDataPoint), field);
    }
}

/* ---- the five kinds of metric ---- */

/* Lists of a table's points, to be ended with each point. */
static const o2p_col no_lists[] = {O2P_COL_NONE};
static const o2p_col histogram_lists[] = {O2P_COL_BucketCounts, O2P_COL_ExplicitBounds,
                                          O2P_COL_NONE};
static const o2p_col exponential_lists[] = {O2P_COL_PositiveBucketCounts,
                                            O2P_COL_NegativeBucketCounts, O2P_COL_NONE};

typedef struct metric_kind metric_kind;

/* Reads a point of some type. */
typedef bool point_walker(o2p_walk *walk, const metric_kind *kind, const o2p_wire_field *point);

struct metric_kind {
    uint32_t number; /* of the member of Metric */
    o2p_table table;
    const o2p_message *message;
    point_walker *point;
    const o2p_col *item_lists; /* x_LIST columns */
    o2p_col struct_list;       /* STRUCT_LIST column */
};

/* Part of its callers, so that each has the fields of its type in its loop. */
static O2P_ALWAYS_INLINE bool read_point(o2p_walk *walk, const metric_kind *kind,
                                         const o2p_wire_field *field, point_field *read_field)
{
    o2p_attributes list;
    point_state point = {.list = &list};
    point.rows = o2p_walk_new_row(walk, kind->table, field, &point.row);
    if (point.rows == NULL)
        return false;
    o2p_wire wire = o2p_wire_over(field->bytes, (size_t)field->value);
    o2p_attributes_begin(&list, &point_attributes, point.rows, point.row, POINT_DEPTH + 1, 0,
                         &wire);
    o2p_wire_field member;
    while (o2p_wire_next(&wire, &member))
        if (O2P_UNLIKELY(!read_field(walk, &point, &member)))
            return false;
    if (!o2p_walk_end(walk, &wire) || !o2p_attributes_end(walk, &list))
        return false;
    for (const o2p_col *col = kind->item_lists; *col != O2P_COL_NONE; col++)
        end_items(&point, *col);
    o2p_end_list(point.rows, kind->struct_list, point.row,
                 point.rows->columns[kind->struct_list].child_rows);
    o2p_duplicates_end(walk, point.rows, point.row);
    return !walk->store->memory->failed;
}

static bool number_point(o2p_walk *walk, const metric_kind *kind, const o2p_wire_field *point)
{
    return read_point(walk, kind, point, number_field);
}

static bool histogram_point(o2p_walk *walk, const metric_kind *kind, const o2p_wire_field *point)
{
    return read_point(walk, kind, point, histogram_field);
}

static bool exponential_point(o2p_walk *walk, const metric_kind *kind, const o2p_wire_field *point)
{
    return read_point(walk, kind, point, exponential_field);
}

static bool summary_point(o2p_walk *walk, const metric_kind *kind, const o2p_wire_field *point)
{
    return read_point(walk, kind, point, summary_field);
}

static const metric_kind kinds[] = {
    {otlp_Metric_gauge_tag, O2P_TABLE_METRICS_GAUGE, O2P_MESSAGE(Gauge), number_point, no_lists,
     O2P_COL_Exemplars},
    {otlp_Metric_sum_tag, O2P_TABLE_METRICS_SUM, O2P_MESSAGE(Sum), number_point, no_lists,
     O2P_COL_Exemplars},
    {otlp_Metric_histogram_tag, O2P_TABLE_METRICS_HISTOGRAM, O2P_MESSAGE(Histogram),
     histogram_point, histogram_lists, O2P_COL_Exemplars},
    {otlp_Metric_exponential_histogram_tag, O2P_TABLE_METRICS_EXPONENTIAL_HISTOGRAM,
     O2P_MESSAGE(ExponentialHistogram), exponential_point, exponential_lists, O2P_COL_Exemplars},
    {otlp_Metric_summary_tag, O2P_TABLE_METRICS_SUMMARY, O2P_MESSAGE(Summary), summary_point,
     no_lists, O2P_COL_ValueAtQuantiles},
};

/* Reads a Gauge, Sum, ...: their fields have the same numbers where they have them at all. */
static bool read_data(o2p_walk *walk, const metric_kind *kind, o2p_rows *metrics, uint32_t row,
                      const o2p_wire_field *data)
{
    o2p_wire wire = o2p_wire_over(data->bytes, (size_t)data->value);
    o2p_wire_field field;
    uint64_t seen = 0, points = 0;
    o2p_store_run(walk->store, kind->table, row);
    while (o2p_wire_next(&wire, &field)) {
        bool ok, known = o2p_find_field(kind->message, field.key >> 3) != NULL;
        switch (known ? field.key : 0) {
        case O2P_KEY(Sum_data_points, O2P_WIRE_LEN):
            points++;
            ok = kind->point(walk, kind, &field);
            break;
        case O2P_KEY(Sum_aggregation_temporality, O2P_WIRE_VARINT):
            ok = o2p_walk_i32(walk, metrics, O2P_COL_AggregationTemporality, row, &field, &seen);
            break;
        case O2P_KEY(Sum_is_monotonic, O2P_WIRE_VARINT):
            ok = o2p_walk_once(walk, &seen, &field);
            if (ok && field.value != 0)
                o2p_set32(metrics, O2P_COL_IsMonotonic, row, 1);
            break;
        default:
            ok = o2p_walk_other(walk, kind->message, &field);
        }
        if (!ok)
            return false;
    }
    walk->counts.empty_metrics += points == 0;
    return o2p_walk_end(walk, &wire);
}

static const metric_kind *find_kind(uint32_t key)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (key == (kinds[i].number << 3 | O2P_WIRE_LEN))
            return &kinds[i];
    return NULL;
}

bool o2p_walk_metric(o2p_walk *walk, const o2p_wire_field *metric)
{
    o2p_rows *metrics = o2p_store_group(walk->store, O2P_SOURCE_METRIC);
    if (metrics == NULL)
        return false;
    if (metrics->count >= O2P_MAX_ROWS)
        return o2p_walk_full(walk, metric->start, "more metrics than rows can be counted");
    uint32_t row = metrics->count++;
    o2p_wire wire = o2p_wire_over(metric->bytes, (size_t)metric->value);
    o2p_wire_field field, data;
    o2p_attributes list;
    uint64_t seen = 0;
    const metric_kind *kind = NULL;
    o2p_attributes_begin(&list, &metric_metadata, metrics, row, METRIC_DEPTH + 1, 0, NULL);
    while (o2p_wire_next(&wire, &field)) {
        bool ok;
        switch (field.key) {
        case O2P_KEY(Metric_name, O2P_WIRE_LEN):
            ok = o2p_walk_text(walk, metrics, O2P_COL_MetricName, row, &field, &seen);
            break;
        case O2P_KEY(Metric_description, O2P_WIRE_LEN):
            ok = o2p_walk_text(walk, metrics, O2P_COL_MetricDescription, row, &field, &seen);
            break;
        case O2P_KEY(Metric_unit, O2P_WIRE_LEN):
            ok = o2p_walk_text(walk, metrics, O2P_COL_MetricUnit, row, &field, &seen);
            break;
        case O2P_KEY(Metric_metadata, O2P_WIRE_LEN):
            ok = o2p_attributes_add(walk, &list, &field);
            break;
        default:
            ok = true;
            if (find_kind(field.key) == NULL)
                ok = o2p_walk_other(walk, O2P_MESSAGE(Metric), &field);
            else if (kind != NULL)
                ok = o2p_walk_fail(walk, O2P_WALK_MERGE, field.start);
            else
                kind = find_kind((data = field).key);
        }
        if (!ok)
            return false;
    }
    if (!o2p_walk_end(walk, &wire) || !o2p_attributes_end(walk, &list))
        return false;
    o2p_duplicates_end(walk, metrics, row);
    walk->counts.empty_metrics += kind == NULL;
    if (kind == NULL)
        return true;
    o2p_walk_since since = o2p_walk_here(walk);
    if (!read_data(walk, kind, metrics, row, &data))
        return false;
    o2p_walk_share(walk, since, o2p_walk_share_of(walk, O2P_SOURCE_METRIC, row), metric->start);
    return true;
}
