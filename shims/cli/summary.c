/* summary.c - see summary.h. */
#include "cli.h"
#include "summary.h"
#include "text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

bool summary_has(const struct summary *summary, size_t count, const char *path)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(summary->files[i].path, path) == 0)
            return true;
    return false;
}

void summary_add(struct summary *summary, const o2p_file *file, char *path)
{
    size_t size = (summary->file_count + 1) * sizeof *summary->files;
    summary->files = must_reallocate(summary->files, size);
    struct written_file *added = &summary->files[summary->file_count++];
    added->table = file->table;
    added->path = path;
    added->size = file->size;
    added->rows = file->rows;
    added->min_time_ns = file->min_time_ns;
    added->max_time_ns = file->max_time_ns;
}

void summary_add_counts(struct summary *summary, const o2p_counts *counts)
{
    o2p_counts *sum = &summary->counts;
    sum->accepted += counts->accepted;
    sum->rejected += counts->rejected;
    sum->invalid_utf8 += counts->invalid_utf8;
    sum->duplicate_keys += counts->duplicate_keys;
    sum->unknown_fields += counts->unknown_fields;
    sum->empty_metrics += counts->empty_metrics;
    sum->empty_groups += counts->empty_groups;
    sum->bad_lines += counts->bad_lines;
}

void summary_free(struct summary *summary)
{
    for (size_t i = 0; i < summary->file_count; i++)
        free(summary->files[i].path);
    free(summary->files);
}

/* ---- for programs -------------------------------------------------------------------------- */

static void print_json_file(const struct written_file *file)
{
    printf("{\"table\":\"%s\",\"path\":", o2p_table_name(file->table));
    json_put_text(stdout, file->path);
    printf(",\"rows\":%" PRIu64 ",\"bytes\":%zu,\"min_time_ns\":%" PRIu64
           ",\"max_time_ns\":%" PRIu64 "}",
           file->rows, file->size, file->min_time_ns, file->max_time_ns);
}

static void print_json_counts(const o2p_counts *counts)
{
    const struct {
        const char *name;
        uint64_t count;
    } all[] = {
        {"accepted", counts->accepted},
        {"rejected", counts->rejected},
        {"invalid_utf8", counts->invalid_utf8},
        {"duplicate_keys", counts->duplicate_keys},
        {"unknown_fields", counts->unknown_fields},
        {"empty_metrics", counts->empty_metrics},
        {"empty_groups", counts->empty_groups},
        {"bad_lines", counts->bad_lines},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        printf("%s\"%s\":%" PRIu64, i == 0 ? "{" : ",", all[i].name, all[i].count);
    printf("}");
}

static void print_json_reason(const struct reason *reason)
{
    if (reason->error.status == O2P_OK) {
        printf("null");
        return;
    }
    printf("{\"file\":");
    json_put_text(stdout, reason->name);
    printf(",\"line\":%" PRIu64 ",\"byte\":%" PRIu64 ",\"path\":", reason->line, reason->byte);
    json_put_text(stdout, reason->error.path);
    printf(",\"message\":");
    json_put_text(stdout, reason->error.message);
    printf(",\"status\":\"%s\"}", o2p_status_name(reason->error.status));
}

void summary_print_json(const struct summary *summary)
{
    printf("{\"files\":[");
    for (size_t i = 0; i < summary->file_count; i++) {
        printf("%s", i == 0 ? "" : ",");
        print_json_file(&summary->files[i]);
    }
    printf("],\"counts\":");
    print_json_counts(&summary->counts);
    printf(",\"rejection\":");
    print_json_reason(&summary->rejection);
    printf("}\n");
}

/* ---- for people ---------------------------------------------------------------------------- */

static void print_files(const struct summary *summary)
{
    char rows[GROUPED_SIZE];
    char bytes[GROUPED_SIZE];
    struct table table;
    table_begin(&table, "lrrl");
    table_add(&table, "TABLE");
    table_add(&table, "ROWS");
    table_add(&table, "BYTES");
    table_add(&table, "PATH");
    for (size_t i = 0; i < summary->file_count; i++) {
        const struct written_file *file = &summary->files[i];
        table_add(&table, "%s", o2p_table_name(file->table));
        table_add(&table, "%s", grouped(file->rows, rows));
        table_add(&table, "%s", grouped(file->size, bytes));
        table_add(&table, "%s", file->path);
    }
    table_print(&table, stdout, "");
}

static void print_totals(const struct summary *summary)
{
    uint64_t rows = 0;
    uint64_t bytes = 0;
    char space[4][GROUPED_SIZE];
    for (size_t i = 0; i < summary->file_count; i++) {
        rows += summary->files[i].rows;
        bytes += summary->files[i].size;
    }
    printf("%s request%s of %s bytes: %s row%s in %zu file%s of %s bytes\n",
           grouped(summary->requests, space[0]), summary->requests == 1 ? "" : "s",
           grouped(summary->bytes, space[1]), grouped(rows, space[2]), rows == 1 ? "" : "s",
           summary->file_count, summary->file_count == 1 ? "" : "s", grouped(bytes, space[3]));
}

/* "3 lines could not be read", "1 line could ...": a % stands for the s of a plural. */
static void print_count(uint64_t count, const char *meaning)
{
    char space[GROUPED_SIZE];
    if (count == 0)
        return;
    printf("%s ", grouped(count, space));
    for (const char *c = meaning; *c != '\0'; c++)
        if (*c != '%')
            putchar(*c);
        else if (count != 1)
            putchar('s');
    printf("\n");
}

/* `what` they are, records or lines, of which this was the first. */
static void print_rejection(const struct reason *reason, const char *what)
{
    if (reason->error.status == O2P_OK)
        return;
    char *text = reason_text(reason);
    printf("the first of these%s: ", what);
    text_put(stdout, text, strlen(text));
    printf("\n");
    free(text);
}

void summary_print(const struct summary *summary)
{
    const o2p_counts *counts = &summary->counts;
    if (summary->file_count > 0)
        print_files(summary);
    print_totals(summary);
    print_count(summary->repeated, "more file% had the name and bytes of one of these");
    print_count(counts->rejected, "record% could not be kept");
    print_count(counts->bad_lines, "line% could not be read");
    print_rejection(&summary->rejection, counts->rejected == 0    ? " lines"
                                         : counts->bad_lines == 0 ? " records"
                                                                  : " records and lines");
    print_count(counts->invalid_utf8, "string% not in UTF-8: bad bytes became U+FFFD");
    print_count(counts->duplicate_keys,
                "repeated attribute key% in the column DuplicateAttributes");
    print_count(counts->unknown_fields,
                "field% skipped that OTLP does not define, or a newer one does");
    print_count(counts->empty_metrics, "metric% without a data point, which give no row");
    print_count(counts->empty_groups, "resource% or scope% without a record, which give no row");
}
