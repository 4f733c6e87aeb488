/* inspect.c - `otlp2parquet inspect`: what a Parquet file of any writer says of itself.
 *
 * It reads the footer alone (footer.c), so it is as fast for a file of 100 GB as for one of 100 kB.
 */
#include "cli.h"
#include "describe.h"
#include "footer.h"
#include "terminal.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    bool json;
} flags;

static const struct flag inspect_flags[] = {
    {"json", NULL, "print one JSON object", FLAG_SWITCH, &flags.json, NULL},
};

/* A file whose footer has been read. */
struct parquet_file {
    const char *path;
    uint64_t size;
    uint8_t *bytes; /* of the footer */
    size_t footer_size;
    struct footer footer;
};

/* ---- reading ------------------------------------------------------------------------------- */

static bool complain_of(const char *path, const char *what)
{
    complain("%s: %s", path, what);
    return false;
}

static bool read_at(const char *path, int fd, uint64_t offset, uint8_t *bytes, size_t size)
{
    while (size > 0) {
        ssize_t count = pread(fd, bytes, size, (off_t)offset);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            complain("%s: cannot read at byte %" PRIu64 ": %s", path, offset,
                     count < 0 ? strerror(errno) : "the file has become shorter");
            return false;
        }
        bytes += count;
        offset += (uint64_t)count;
        size -= (size_t)count;
    }
    return true;
}

/* Reads the bytes of the footer. False: a message has been printed. */
static bool load_footer(struct parquet_file *file, int fd, uint64_t *offset)
{
    struct stat info;
    uint8_t head[FOOTER_MAGIC_SIZE];
    uint8_t tail[FOOTER_TAIL_SIZE];
    struct footer_error error;
    if (fstat(fd, &info) != 0)
        return complain_of(file->path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return complain_of(file->path, "not a regular file; inspect needs one to seek in");
    file->size = (uint64_t)info.st_size;
    if (file->size < FOOTER_MAGIC_SIZE + FOOTER_TAIL_SIZE)
        return complain_of(file->path, "too short to be a Parquet file");
    if (!read_at(file->path, fd, 0, head, sizeof head) ||
        !read_at(file->path, fd, file->size - sizeof tail, tail, sizeof tail))
        return false;
    if (!footer_locate(tail, file->size, offset, &file->footer_size, &error)) {
        complain("%s: byte %" PRIu64 ": %s", file->path, file->size - sizeof tail, error.message);
        return false;
    }
    if (memcmp(head, "PAR1", sizeof head) != 0)
        return complain_of(file->path, "byte 0: not a Parquet file: it does not begin with PAR1");
    file->bytes = malloc(file->footer_size > 0 ? file->footer_size : 1);
    if (file->bytes == NULL)
        return complain_of(file->path, "no memory for the footer");
    return read_at(file->path, fd, *offset, file->bytes, file->footer_size);
}

static bool read_footer(struct parquet_file *file, uint64_t offset)
{
    struct footer footer;
    struct footer_error error;
    bool good = footer_read(&footer, file->bytes, file->footer_size, &error);
    file->footer = footer;
    if (!good)
        complain("%s: byte %" PRIu64 ": %s: %s", file->path, offset + error.offset, error.where,
                 error.message);
    return good;
}

static bool open_parquet(struct parquet_file *file, const char *path)
{
    uint64_t offset = 0;
    *file = (struct parquet_file){.path = path};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        complain("%s: cannot open: %s", path, strerror(errno));
        return false;
    }
    bool opened = load_footer(file, fd, &offset) && read_footer(file, offset);
    close(fd);
    return opened;
}

static void close_parquet(struct parquet_file *file)
{
    footer_free(&file->footer);
    free(file->bytes);
}

/* ---- pieces of text ------------------------------------------------------------------------ */

/* A stream that ends as a string, to be freed. */
struct piece {
    char *text;
    size_t size;
    FILE *out;
};

static FILE *piece_begin(struct piece *piece)
{
    piece->text = NULL;
    piece->size = 0;
    piece->out = must_have(open_memstream(&piece->text, &piece->size));
    return piece->out;
}

static char *piece_end(struct piece *piece)
{
    fclose(piece->out);
    return must_have(piece->text);
}

/* a.list.element: the parts of a chunk's path. */
static void put_path(FILE *out, const struct footer *footer, const struct footer_chunk *chunk)
{
    for (size_t i = 0; i < chunk->name_count; i++) {
        const struct footer_bytes *name = footer_name_at(footer, chunk->first_name + i);
        fputs(i > 0 ? "." : "", out);
        fwrite(name->bytes, 1, name->size, out);
    }
}

/* The same for a terminal, to be freed. */
static char *shown_path(const struct footer *footer, const struct footer_chunk *chunk)
{
    struct piece raw;
    struct piece shown;
    put_path(piece_begin(&raw), footer, chunk);
    char *path = piece_end(&raw);
    text_put(piece_begin(&shown), path, raw.size);
    free(path);
    return piece_end(&shown);
}

static void put_text(struct footer_bytes text)
{
    if (text.size > 0)
        text_put(stdout, (const char *)text.bytes, text.size);
}

static void put_json(struct footer_bytes text)
{
    if (text.bytes == NULL)
        printf("null");
    else
        json_put(stdout, (const char *)text.bytes, text.size);
}

/* ---- for people ---------------------------------------------------------------------------- */

/* Bytes of a value that are shown; the rest is counted. */
enum { SHOWN_BYTES = 36, SHOWN_METADATA = 120 };

/* Length of the longest prefix of at most `limit` bytes that does not end inside a UTF-8 sequence.
 */
static size_t whole_prefix(const uint8_t *bytes, size_t size, size_t limit)
{
    if (size <= limit)
        return size;
    while (limit > 0 && (bytes[limit] & 0xC0) == 0x80)
        limit--;
    return limit;
}

static void print_metadata(const struct footer *footer)
{
    if (footer->pairs.count > 0)
        printf("\n%smetadata%s\n", heading_on(stdout), heading_off(stdout));
    for (size_t i = 0; i < footer->pairs.count; i++) {
        const struct footer_pair *pair = footer_pair_at(footer, i);
        struct footer_bytes shown = pair->value;
        if (shown.bytes != NULL)
            shown.size = whole_prefix(shown.bytes, shown.size, SHOWN_METADATA);
        printf("  ");
        put_text(pair->key);
        printf(" = ");
        put_text(shown);
        if (shown.size < pair->value.size)
            printf("... (%zu bytes)", pair->value.size);
        printf("\n");
    }
}

static void print_node(const struct footer_node *node)
{
    struct piece piece;
    describe_logical(piece_begin(&piece), node);
    char *logical = piece_end(&piece);
    printf("%*s", 2 + (int)node->depth * 2, "");
    put_text(node->name);
    if (node->repetition.present) {
        printf(": ");
        describe_repetition(stdout, node->repetition.value);
    }
    if (node->type.present) {
        printf(" ");
        describe_type(stdout, node->type.value);
    }
    if (node->type_length.present && node->type_length.value > 0)
        printf("(%" PRId64 ")", node->type_length.value);
    if (logical[0] != '\0')
        printf(" %s", logical);
    if (node->field_id.present)
        printf(" [%" PRId64 "]", node->field_id.value);
    printf("\n");
    free(logical);
}

static void print_schema(const struct footer *footer)
{
    printf("\n%sschema%s (repetition, physical type, logical type, [field id])\n",
           heading_on(stdout), heading_off(stdout));
    for (size_t i = 0; i < footer->nodes.count; i++)
        print_node(footer_node_at(footer, i));
}

/* A bound for a cell: cut to a width, with a sign when it is not a value of the column. */
static char *bound_cell(const struct footer_node *leaf, struct footer_bytes value, bool inexact)
{
    struct piece full;
    struct piece cut;
    if (value.bytes == NULL)
        return memcpy(must_allocate(2), "-", 2);
    describe_value(piece_begin(&full), leaf, value);
    char *text = piece_end(&full);
    size_t shown = whole_prefix((const uint8_t *)text, full.size, SHOWN_BYTES);
    FILE *out = piece_begin(&cut);
    fputs(inexact ? "~" : "", out);
    text_put(out, text, shown);
    fputs(shown < full.size ? "..." : "", out);
    free(text);
    return piece_end(&cut);
}

static void add_number(struct table *table, struct footer_number number)
{
    char space[GROUPED_SIZE];
    if (!number.present || number.value < 0)
        table_add(table, "-");
    else
        table_add(table, "%s", grouped((uint64_t)number.value, space));
}

static void add_chunk(struct table *table, const struct footer *footer,
                      const struct footer_chunk *chunk, const struct footer_node *leaf)
{
    struct piece piece;
    table_take(table, shown_path(footer, chunk));
    describe_codec(piece_begin(&piece), chunk->codec);
    table_take(table, piece_end(&piece));
    describe_encodings(piece_begin(&piece), chunk->encodings, "", " ", "");
    table_take(table, piece_end(&piece));
    add_number(table, (struct footer_number){true, chunk->values});
    add_number(table, chunk->nulls);
    add_number(table, (struct footer_number){true, chunk->uncompressed_bytes});
    add_number(table, (struct footer_number){true, chunk->compressed_bytes});
    table_take(table, bound_cell(leaf, chunk->min, chunk->min_inexact));
    table_take(table, bound_cell(leaf, chunk->max, chunk->max_inexact));
}

static void print_sorting(const struct footer *footer, const struct footer_group *group)
{
    for (size_t i = 0; i < group->sorting_count; i++) {
        const struct footer_sorting *sorting = footer_sorting_at(footer, group->first_sorting + i);
        printf("%s", i == 0 ? ", sorted by " : ", ");
        if (sorting->column < 0 || (size_t)sorting->column >= group->chunk_count) {
            printf("column %" PRId32, sorting->column);
        } else {
            size_t chunk = group->first_chunk + (size_t)sorting->column;
            char *path = shown_path(footer, footer_chunk_at(footer, chunk));
            printf("%s", path);
            free(path);
        }
        printf("%s", sorting->descending ? " descending" : "");
    }
}

static void print_group(const struct footer *footer, size_t index)
{
    static const char *const headings[] = {"COLUMN", "CODEC",  "ENCODINGS", "VALUES", "NULLS",
                                           "RAW",    "STORED", "MIN",       "MAX"};
    const struct footer_group *group = footer_group_at(footer, index);
    struct table table;
    printf("\n%srow group %zu%s: %" PRId64 " row%s, %" PRId64 " bytes uncompressed",
           heading_on(stdout), index, heading_off(stdout), group->rows, group->rows == 1 ? "" : "s",
           group->bytes);
    print_sorting(footer, group);
    printf("\n");
    table_begin(&table, "lllrrrrll");
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        table_add(&table, "%s", headings[i]);
    for (size_t i = 0; i < group->chunk_count; i++)
        add_chunk(&table, footer, footer_chunk_at(footer, group->first_chunk + i),
                  footer_leaf_at(footer, i));
    table_print(&table, stdout, "  ");
}

static void print_file(const struct parquet_file *file)
{
    const struct footer *footer = &file->footer;
    printf("file        ");
    text_put(stdout, file->path, strlen(file->path));
    printf("\nsize        %" PRIu64 " bytes, of which the footer takes %zu\n", file->size,
           file->footer_size);
    printf("created by  ");
    put_text(footer->created_by);
    printf("\nversion     %" PRId32 "\n", footer->version);
    printf("rows        %" PRId64 " in %zu row group%s of %zu column%s\n", footer->rows,
           footer->groups.count, footer->groups.count == 1 ? "" : "s", footer->leaves.count,
           footer->leaves.count == 1 ? "" : "s");
    print_metadata(footer);
    print_schema(footer);
    for (size_t i = 0; i < footer->groups.count; i++)
        print_group(footer, i);
}

/* ---- for programs -------------------------------------------------------------------------- */

static void print_json_number(const char *name, struct footer_number number)
{
    if (number.present)
        printf(",\"%s\":%" PRId64, name, number.value);
    else
        printf(",\"%s\":null", name);
}

static void print_json_metadata(const struct footer *footer)
{
    printf(",\"metadata\":[");
    for (size_t i = 0; i < footer->pairs.count; i++) {
        const struct footer_pair *pair = footer_pair_at(footer, i);
        printf("%s{\"key\":", i > 0 ? "," : "");
        put_json(pair->key);
        printf(",\"value\":");
        put_json(pair->value);
        printf("}");
    }
    printf("]");
}

static void print_json_node(const struct footer_node *node)
{
    struct piece piece;
    describe_logical(piece_begin(&piece), node);
    char *logical = piece_end(&piece);
    printf("{\"name\":");
    put_json(node->name);
    printf(",\"repetition\":%s", node->repetition.present ? "\"" : "null");
    if (node->repetition.present) {
        describe_repetition(stdout, node->repetition.value);
        printf("\"");
    }
    printf(",\"type\":%s", node->type.present ? "\"" : "null");
    if (node->type.present) {
        describe_type(stdout, node->type.value);
        printf("\"");
    }
    print_json_number("type_length", node->type_length);
    if (logical[0] != '\0')
        printf(",\"logical_type\":\"%s\"", logical);
    else
        printf(",\"logical_type\":null");
    print_json_number("field_id", node->field_id);
    free(logical);
}

/* Ends a node, and the `levels` groups above it that end with it. */
static void close_json_nodes(uint32_t levels)
{
    printf("}");
    for (; levels > 0; levels--)
        printf("]}");
}

static void print_json_schema(const struct footer *footer)
{
    uint32_t depth = 0;
    printf(",\"schema\":");
    for (size_t i = 0; i < footer->nodes.count; i++) {
        const struct footer_node *node = footer_node_at(footer, i);
        if (node->depth > depth) {
            printf(",\"children\":[");
        } else if (i > 0) {
            close_json_nodes(depth - node->depth);
            printf(",");
        }
        print_json_node(node);
        depth = node->depth;
    }
    close_json_nodes(depth);
}

static void print_json_bound(const char *name, const struct footer_node *leaf,
                             struct footer_bytes value)
{
    struct piece piece;
    printf(",\"%s\":", name);
    if (value.bytes == NULL) {
        printf("null");
        return;
    }
    value_form form = describe_value(piece_begin(&piece), leaf, value);
    char *text = piece_end(&piece);
    if (form == VALUE_NUMBER)
        printf("%s", text);
    else
        json_put(stdout, text, piece.size);
    free(text);
}

static void print_json_chunk(const struct footer *footer, const struct footer_chunk *chunk,
                             const struct footer_node *leaf)
{
    struct piece piece;
    put_path(piece_begin(&piece), footer, chunk);
    char *path = piece_end(&piece);
    printf("{\"path\":");
    json_put(stdout, path, piece.size);
    free(path);
    printf(",\"type\":\"");
    describe_type(stdout, chunk->type);
    printf("\",\"codec\":\"");
    describe_codec(stdout, chunk->codec);
    printf("\",\"encodings\":[");
    describe_encodings(stdout, chunk->encodings, "\"", ",", "\"");
    printf("],\"values\":%" PRId64 ",\"compressed_bytes\":%" PRId64
           ",\"uncompressed_bytes\":%" PRId64,
           chunk->values, chunk->compressed_bytes, chunk->uncompressed_bytes);
    print_json_number("nulls", chunk->nulls);
    print_json_number("distinct", chunk->distinct);
    print_json_bound("min", leaf, chunk->min);
    print_json_bound("max", leaf, chunk->max);
    printf(",\"min_exact\":%s,\"max_exact\":%s", chunk->min_inexact ? "false" : "true",
           chunk->max_inexact ? "false" : "true");
    printf(",\"data_page_offset\":%" PRId64, chunk->data_page_offset);
    print_json_number("dictionary_page_offset", chunk->dictionary_page_offset);
    print_json_number("column_index_offset", chunk->column_index_offset);
    print_json_number("offset_index_offset", chunk->offset_index_offset);
    print_json_number("bloom_filter_offset", chunk->bloom_filter_offset);
    printf("}");
}

static void print_json_group(const struct footer *footer, const struct footer_group *group)
{
    printf("{\"rows\":%" PRId64 ",\"uncompressed_bytes\":%" PRId64 ",\"sorting_columns\":[",
           group->rows, group->bytes);
    for (size_t i = 0; i < group->sorting_count; i++) {
        const struct footer_sorting *sorting = footer_sorting_at(footer, group->first_sorting + i);
        printf("%s{\"column\":%" PRId32 ",\"descending\":%s,\"nulls_first\":%s}", i > 0 ? "," : "",
               sorting->column, sorting->descending ? "true" : "false",
               sorting->nulls_first ? "true" : "false");
    }
    printf("],\"columns\":[");
    for (size_t i = 0; i < group->chunk_count; i++) {
        printf("%s", i > 0 ? "," : "");
        print_json_chunk(footer, footer_chunk_at(footer, group->first_chunk + i),
                         footer_leaf_at(footer, i));
    }
    printf("]}");
}

static void print_json_file(const struct parquet_file *file)
{
    const struct footer *footer = &file->footer;
    printf("{\"path\":");
    json_put_text(stdout, file->path);
    printf(",\"bytes\":%" PRIu64 ",\"footer_bytes\":%zu,\"version\":%" PRId32 ",\"rows\":%" PRId64,
           file->size, file->footer_size, footer->version, footer->rows);
    printf(",\"created_by\":");
    put_json(footer->created_by);
    print_json_metadata(footer);
    print_json_schema(footer);
    printf(",\"row_groups\":[");
    for (size_t i = 0; i < footer->groups.count; i++) {
        printf("%s", i > 0 ? "," : "");
        print_json_group(footer, footer_group_at(footer, i));
    }
    printf("]}\n");
}

/* ---- the command --------------------------------------------------------------------------- */

static int run_inspect(char **operands, size_t count)
{
    struct parquet_file file;
    if (count != 1)
        return args_refuse("inspect", "exactly one FILE is needed");
    bool opened = open_parquet(&file, operands[0]);
    if (opened && flags.json)
        print_json_file(&file);
    else if (opened)
        print_file(&file);
    close_parquet(&file);
    return opened ? STATUS_OK : STATUS_INPUT;
}

const struct command inspect_command = {
    "inspect",
    "[FLAGS] FILE",
    "show what a Parquet file says of itself",
    "Prints the schema of the Parquet FILE, its key-value metadata, and for each column of\n"
    "each row group: codec, encodings, values, nulls, bytes before (RAW) and after\n"
    "(STORED) compression, least and greatest value. ~ marks a bound that is no value of\n"
    "the column. Files of any writer can be shown; only the footer is read.\n",
    inspect_flags,
    sizeof inspect_flags / sizeof *inspect_flags,
    run_inspect,
};
