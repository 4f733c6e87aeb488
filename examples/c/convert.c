/* convert.c - one OTLP request in a file, its Parquet files in the current folder.
 *
 *     cc convert.c -lotlp2parquet -o convert && ./convert request.pb
 */
#include <otlp2parquet.h>

#include <stdio.h>
#include <stdlib.h>

/* All bytes of a file, to be freed; NULL if it cannot be read. */
static void *read_file(const char *path, size_t *size)
{
    char *bytes = NULL;
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    long end = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (end >= 0)
        bytes = malloc((size_t)end + 1);
    rewind(file);
    *size = (size_t)end;
    if (bytes != NULL && fread(bytes, 1, *size, file) != *size) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    return bytes;
}

static int write_file(const o2p_file *parquet)
{
    FILE *file = fopen(parquet->path, "wb");
    size_t written = file != NULL ? fwrite(parquet->data, 1, parquet->size, file) : 0;
    if (file == NULL || fclose(file) != 0 || written != parquet->size) {
        perror(parquet->path);
        return 1;
    }
    printf("%s: %llu rows\n", parquet->path, (unsigned long long)parquet->rows);
    return 0;
}

int main(int argc, char **argv)
{
    /* Zero means the default everywhere. The default template makes a folder an hour; this one
     * none. */
    o2p_options options = {.size = sizeof options};
    options.path_template = "{table}-{time}-{hash}.parquet";
    o2p_output out = {.options = &options};
    size_t size = 0;
    int failed = 0;

    void *request = argc == 2 ? read_file(argv[1], &size) : NULL;
    if (request == NULL) {
        fprintf(stderr, "usage: convert FILE (of one OTLP request, protobuf)\n");
        return 2;
    }
    if (otlp_to_parquet(request, size, &out) != O2P_OK) {
        fprintf(stderr, "%s: byte %zu: %s: %s\n", argv[1], out.error.offset, out.error.path,
                out.error.message);
        failed = 1;
    }
    for (size_t i = 0; i < out.file_count; i++)
        failed |= write_file(&out.files[i]);
    o2p_output_free(&out);
    free(request);
    return failed;
}
