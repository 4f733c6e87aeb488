/* fuzz_footer.c - any bytes as the footer of a file, and as the end of one.
 *
 * The program reads footers of files that others wrote: whatever is in them, nothing outside is
 * read, memory is bounded by the footer's size, and what is accepted is consistent: [10].
 */
#include "common.h"

/* Everything the footer refers to lies inside it. */
static void check_bytes(struct footer_bytes b, const uint8_t *data, size_t size)
{
    CHECK(b.bytes == NULL || (b.bytes >= data && b.size <= (size_t)(data + size - b.bytes)), "10");
}

static void check_accepted(const struct footer *f, const uint8_t *data, size_t size)
{
    check_bytes(f->created_by, data, size);
    CHECK(f->nodes.count > 0 && f->leaves.count <= f->nodes.count, "10");
    for (size_t i = 0; i < f->nodes.count; i++) {
        const struct footer_node *node = footer_node_at(f, i);
        check_bytes(node->name, data, size);
        CHECK(node->depth <= FOOTER_SCHEMA_DEPTH && node->children < f->nodes.count, "10");
    }
    for (size_t i = 0; i < f->leaves.count; i++)
        CHECK(footer_leaf_at(f, i)->type.present, "10");
    for (size_t i = 0; i < f->groups.count; i++) {
        const struct footer_group *group = footer_group_at(f, i);
        CHECK(group->chunk_count == f->leaves.count, "10");
        CHECK(group->chunk_count <= f->chunks.count - group->first_chunk, "10");
        CHECK(group->sorting_count <= f->sortings.count - group->first_sorting, "10");
    }
    for (size_t i = 0; i < f->chunks.count; i++) {
        const struct footer_chunk *chunk = footer_chunk_at(f, i);
        CHECK(chunk->name_count <= f->names.count - chunk->first_name, "10");
        check_bytes(chunk->min, data, size);
        check_bytes(chunk->max, data, size);
    }
    for (size_t i = 0; i < f->names.count; i++)
        check_bytes(*footer_name_at(f, i), data, size);
    for (size_t i = 0; i < f->pairs.count; i++) {
        check_bytes(footer_pair_at(f, i)->key, data, size);
        check_bytes(footer_pair_at(f, i)->value, data, size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct footer footer;
    struct footer_error error;
    uint64_t offset;
    size_t length;
    if (footer_read(&footer, data, size, &error))
        check_accepted(&footer, data, size);
    else
        CHECK(error.message != NULL && error.offset <= size && !error.out_of_memory, "10");
    footer_free(&footer);
    if (size < FOOTER_TAIL_SIZE)
        return 0;
    const uint8_t *tail = data + size - FOOTER_TAIL_SIZE;
    if (footer_locate(tail, size, &offset, &length, &error))
        CHECK(offset >= 4 && offset <= size && length == size - FOOTER_TAIL_SIZE - offset, "10");
    return 0;
}
