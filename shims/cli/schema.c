/* schema.c - `otlp2parquet schema`: the tables, for reading, for programs, and as SQL.
 *
 * Everything is printed from o2p_schema_columns, so it cannot differ from the files. The SQL gives
 * tables to load the files into; types are those the engine itself sees in the files, so nothing is
 * converted on the way:
 *
 *   ours               ClickHouse                              DuckDB
 *   STRING             String, LowCardinality(String)          VARCHAR
 *   INT32, INT64       Int32, Int64                            INTEGER, BIGINT
 *   DOUBLE, BOOLEAN    Float64, Bool                           DOUBLE, BOOLEAN
 *   TIMESTAMP_MICROS   DateTime64(6, 'UTC')                    TIMESTAMP WITH TIME ZONE
 *   STRING_MAP         Map(LowCardinality(String), String)     MAP(VARCHAR, VARCHAR)
 *   lists              Array(...)                              ...[]
 *   STRUCT_LIST        Nested(...)                             STRUCT(...)[]
 *
 * In ClickHouse the tables have the names, the column names and the kinds of types (low
 * cardinality, Nested) of the OpenTelemetry Collector's exporter, so that queries written for it
 * work on them.
 */
#include "cli.h"
#include "terminal.h"
#include "text.h"
#include "../../include/otlp2parquet.h"

#include <inttypes.h>
#include <string.h>

enum { SQL_NONE = 0, SQL_CLICKHOUSE = 1, SQL_DUCKDB = 2 };

static struct {
    bool json;
    int sql;
} flags;

static const struct flag_choice sql_choices[] = {
    {"clickhouse", SQL_CLICKHOUSE}, {"duckdb", SQL_DUCKDB}, {NULL, 0}};

static const struct flag schema_flags[] = {
    {"json", NULL, "print one JSON object", FLAG_SWITCH, &flags.json, NULL},
    {"sql", "DIALECT", "print CREATE TABLE statements: clickhouse or duckdb", FLAG_CHOICE,
     &flags.sql, sql_choices},
};

/* The columns of a table. */
struct columns {
    const o2p_schema_column *items;
    size_t count;
};

static struct columns columns_of(o2p_table table)
{
    struct columns columns = {NULL, 0};
    columns.count = o2p_schema_columns(table, &columns.items);
    return columns;
}

static const char *type_name(o2p_column_type type)
{
    switch (type) {
    case O2P_TYPE_STRING:
        return "string";
    case O2P_TYPE_INT32:
        return "int32";
    case O2P_TYPE_INT64:
        return "int64";
    case O2P_TYPE_DOUBLE:
        return "double";
    case O2P_TYPE_BOOLEAN:
        return "boolean";
    case O2P_TYPE_TIMESTAMP_MICROS:
        return "timestamp[us, UTC]";
    case O2P_TYPE_STRING_MAP:
        return "map<string, string>";
    case O2P_TYPE_INT64_LIST:
        return "list<int64>";
    case O2P_TYPE_DOUBLE_LIST:
        return "list<double>";
    case O2P_TYPE_STRUCT_LIST:
        return "list<struct>";
    }
    return "unknown";
}

/* ---- for people ---------------------------------------------------------------------------- */

static void print_text(o2p_table number)
{
    struct columns columns = columns_of(number);
    struct table table;
    table_begin(&table, "lllrl");
    table_add(&table, "%s", o2p_table_name(number));
    table_add(&table, "TYPE");
    table_add(&table, "NULL");
    table_add(&table, "ID");
    table_add(&table, "MEANING");
    for (size_t i = 0; i < columns.count; i++) {
        const o2p_schema_column *column = &columns.items[i];
        table_add(&table, "%s%s", column->parent >= 0 ? "  ." : "", column->name);
        table_add(&table, "%s", type_name(column->type));
        table_add(&table, "%s", column->nullable ? "null" : "");
        table_add(&table, "%" PRId32, column->field_id);
        table_add(&table, "%s", column->doc);
    }
    table_print(&table, stdout, "");
}

/* ---- for programs -------------------------------------------------------------------------- */

/* The columns whose parent is `parent`, as a JSON array. */
static void print_json_columns(struct columns columns, int32_t parent)
{
    bool first = true;
    printf("[");
    for (size_t i = 0; i < columns.count; i++) {
        const o2p_schema_column *column = &columns.items[i];
        if (column->parent != parent)
            continue;
        printf("%s{\"name\":\"%s\",\"type\":\"%s\",\"nullable\":%s,\"field_id\":%" PRId32
               ",\"doc\":",
               first ? "" : ",", column->name, type_name(column->type),
               column->nullable ? "true" : "false", column->field_id);
        json_put_text(stdout, column->doc);
        if (column->type == O2P_TYPE_STRUCT_LIST) {
            printf(",\"members\":");
            print_json_columns(columns, (int32_t)i);
        }
        printf("}");
        first = false;
    }
    printf("]");
}

static void print_json(o2p_table table)
{
    printf("{\"table\":\"%s\",\"signal\":\"%s\",\"columns\":", o2p_table_name(table),
           o2p_signal_name(o2p_table_signal(table)));
    print_json_columns(columns_of(table), -1);
    printf("}");
}

/* ---- SQL ----------------------------------------------------------------------------------- */

/* `text` as a string literal of both dialects: quotes doubled, and backslashes, which ClickHouse
 * reads as escapes, kept out by writing a slash. */
static void print_literal(const char *text)
{
    printf("'");
    for (; *text != '\0'; text++)
        printf("%s%c", *text == '\'' ? "'" : "", *text == '\\' ? '/' : *text);
    printf("'");
}

/* The columns, with their values as dictionaries in ClickHouse: those of the exporter, and what is
 * as repetitive. Names that a table lacks do no harm. */
static bool is_low_cardinality(const o2p_schema_column *column)
{
    static const char *const names[] = {
        "EventName",      "Name",         "ResourceSchemaUrl", "ScopeName",
        "ScopeSchemaUrl", "ScopeVersion", "ServiceName",       "ServiceNamespace",
        "SeverityText",   "SpanKind",     "SpanName",          "StatusCode"};
    size_t length = strlen(column->name);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(column->name, names[i]) == 0)
            return true;
    return length > 5 && strcmp(column->name + length - 5, "Types") == 0;
}

static void print_clickhouse_columns(struct columns columns, int32_t parent);

static const char *clickhouse_scalar(const o2p_schema_column *column)
{
    switch (column->type) {
    case O2P_TYPE_INT32:
        return "Int32";
    case O2P_TYPE_INT64:
        return "Int64";
    case O2P_TYPE_DOUBLE:
        return "Float64";
    case O2P_TYPE_BOOLEAN:
        return "Bool";
    case O2P_TYPE_TIMESTAMP_MICROS:
        return "DateTime64(6, 'UTC')";
    case O2P_TYPE_STRING_MAP:
        return "Map(LowCardinality(String), String)";
    case O2P_TYPE_INT64_LIST:
        return "Array(Int64)";
    case O2P_TYPE_DOUBLE_LIST:
        return "Array(Float64)";
    case O2P_TYPE_STRING:
    case O2P_TYPE_STRUCT_LIST:
        break;
    }
    return is_low_cardinality(column) && !column->nullable ? "LowCardinality(String)" : "String";
}

static void print_clickhouse_type(struct columns columns, size_t index)
{
    const o2p_schema_column *column = &columns.items[index];
    if (column->type == O2P_TYPE_STRUCT_LIST) {
        printf("Nested(\n");
        print_clickhouse_columns(columns, (int32_t)index);
        printf("\n    )");
    } else {
        printf(column->nullable ? "Nullable(%s)" : "%s", clickhouse_scalar(column));
    }
}

static void print_clickhouse_columns(struct columns columns, int32_t parent)
{
    bool first = true;
    for (size_t i = 0; i < columns.count; i++) {
        const o2p_schema_column *column = &columns.items[i];
        if (column->parent != parent)
            continue;
        printf("%s%s`%s` ", first ? "" : ",\n", parent < 0 ? "    " : "        ", column->name);
        print_clickhouse_type(columns, i);
        if (parent < 0) {
            printf(" COMMENT ");
            print_literal(column->doc);
        }
        first = false;
    }
}

/* The time of a row: the first timestamp that is never null. */
static const char *time_column(struct columns columns)
{
    for (size_t i = 0; i < columns.count; i++)
        if (columns.items[i].type == O2P_TYPE_TIMESTAMP_MICROS && !columns.items[i].nullable &&
            columns.items[i].parent < 0)
            return columns.items[i].name;
    return "";
}

/* What rows are looked up by after the service: the exporter's choice. */
static const char *key_column(o2p_signal signal)
{
    if (signal == O2P_SIGNAL_TRACES)
        return "`SpanName`, ";
    return signal == O2P_SIGNAL_METRICS ? "`MetricName`, " : "";
}

static void print_clickhouse(o2p_table table)
{
    struct columns columns = columns_of(table);
    const char *name = o2p_table_name(table);
    const char *time = time_column(columns);
    printf("-- INSERT INTO otel_%s SELECT * FROM file('%s/**/*.parquet', Parquet)\n"
           "--     SETTINGS use_hive_partitioning = 0;\n"
           "CREATE TABLE IF NOT EXISTS otel_%s (\n",
           name, name, name);
    print_clickhouse_columns(columns, -1);
    printf(
        "\n)\nENGINE = MergeTree\nPARTITION BY toDate(`%s`)\nORDER BY (`ServiceName`, %s`%s`);\n",
        time, key_column(o2p_table_signal(table)), time);
}

static const char *duckdb_scalar(o2p_column_type type)
{
    switch (type) {
    case O2P_TYPE_STRING:
    case O2P_TYPE_STRUCT_LIST:
        break;
    case O2P_TYPE_INT32:
        return "INTEGER";
    case O2P_TYPE_INT64:
        return "BIGINT";
    case O2P_TYPE_DOUBLE:
        return "DOUBLE";
    case O2P_TYPE_BOOLEAN:
        return "BOOLEAN";
    case O2P_TYPE_TIMESTAMP_MICROS:
        return "TIMESTAMP WITH TIME ZONE";
    case O2P_TYPE_STRING_MAP:
        return "MAP(VARCHAR, VARCHAR)";
    case O2P_TYPE_INT64_LIST:
        return "BIGINT[]";
    case O2P_TYPE_DOUBLE_LIST:
        return "DOUBLE[]";
    }
    return "VARCHAR";
}

static void print_duckdb_struct(struct columns columns, int32_t parent)
{
    bool first = true;
    printf("STRUCT(");
    for (size_t i = 0; i < columns.count; i++) {
        if (columns.items[i].parent != parent)
            continue;
        printf("%s\n        \"%s\" %s", first ? "" : ",", columns.items[i].name,
               duckdb_scalar(columns.items[i].type));
        first = false;
    }
    printf("\n    )[]");
}

static void print_duckdb_comments(o2p_table table, struct columns columns)
{
    for (size_t i = 0; i < columns.count; i++) {
        if (columns.items[i].parent >= 0)
            continue;
        printf("COMMENT ON COLUMN %s.\"%s\" IS ", o2p_table_name(table), columns.items[i].name);
        print_literal(columns.items[i].doc);
        printf(";\n");
    }
}

static void print_duckdb(o2p_table table)
{
    struct columns columns = columns_of(table);
    const char *name = o2p_table_name(table);
    printf("-- To query the files in place, instead of this table:\n"
           "--     CREATE VIEW %s AS FROM read_parquet('%s/**/*.parquet', union_by_name = true);\n"
           "-- To load them into it:\n"
           "--     INSERT INTO %s BY NAME FROM read_parquet('%s/**/*.parquet',\n"
           "--         union_by_name = true, hive_partitioning = false);\n"
           "CREATE TABLE IF NOT EXISTS %s (",
           name, name, name, name, name);
    for (size_t i = 0; i < columns.count; i++) {
        const o2p_schema_column *column = &columns.items[i];
        if (column->parent >= 0)
            continue;
        printf("%s\n    \"%s\" ", i > 0 ? "," : "", column->name);
        if (column->type == O2P_TYPE_STRUCT_LIST)
            print_duckdb_struct(columns, (int32_t)i);
        else
            printf("%s", duckdb_scalar(column->type));
        printf("%s", column->nullable ? "" : " NOT NULL");
    }
    printf("\n);\n");
    print_duckdb_comments(table, columns);
}

/* ---- the command --------------------------------------------------------------------------- */

static void print_table(o2p_table table)
{
    if (flags.json)
        print_json(table);
    else if (flags.sql == SQL_CLICKHOUSE)
        print_clickhouse(table);
    else if (flags.sql == SQL_DUCKDB)
        print_duckdb(table);
    else
        print_text(table);
}

/* The table named `name`; O2P_TABLE_COUNT when there is none. */
static int find_table(const char *name)
{
    int table = 0;
    while (table < O2P_TABLE_COUNT && strcmp(o2p_table_name((o2p_table)table), name) != 0)
        table++;
    return table;
}

static int refuse_table(const char *given)
{
    const char *names[O2P_TABLE_COUNT];
    for (int i = 0; i < O2P_TABLE_COUNT; i++)
        names[i] = o2p_table_name((o2p_table)i);
    const char *meant = args_nearest(given, names, O2P_TABLE_COUNT);
    if (meant != NULL)
        complain("schema: no table %s; did you mean %s?", given, meant);
    else
        complain("schema: no table %s; `otlp2parquet schema` prints them all", given);
    return STATUS_USAGE;
}

static int run_schema(char **operands, size_t count)
{
    int first = 0;
    int last = O2P_TABLE_COUNT - 1;
    if (count > 1)
        return args_refuse("schema", "at most one TABLE can be named");
    if (flags.json && flags.sql != SQL_NONE)
        return args_refuse("schema", "--json and --sql exclude each other");
    if (count == 1)
        first = last = find_table(operands[0]);
    if (first == O2P_TABLE_COUNT)
        return refuse_table(operands[0]);
    if (flags.json)
        printf("{\"schema_version\":%d,\"tables\":[", O2P_SCHEMA_VERSION);
    for (int table = first; table <= last; table++) {
        if (table > first)
            printf("%s\n", flags.json ? "," : "");
        print_table((o2p_table)table);
    }
    if (flags.json)
        printf("]}\n");
    return STATUS_OK;
}

const struct command schema_command = {
    "schema",
    "[FLAGS] [TABLE]",
    "print the tables and their columns",
    "Prints the columns of TABLE, or of all tables: logs, traces, metrics_gauge, metrics_sum,\n"
    "metrics_histogram, metrics_exponential_histogram, metrics_summary. ID is the column's\n"
    "Parquet field_id, which never changes. The SQL creates tables that the Parquet files\n"
    "can be loaded into; comments in it say how.\n",
    schema_flags,
    sizeof schema_flags / sizeof *schema_flags,
    run_schema,
};
