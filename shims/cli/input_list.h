/* input_list.h - the files that the operands of a command line name.
 *
 * An operand is a file, "-" for standard input, or a folder, which stands for the files in it whose
 * names have one of some endings, in the order of the names' bytes. Folders in it are left alone.
 */
#ifndef O2P_CLI_INPUT_LIST_H
#define O2P_CLI_INPUT_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input_list {
    char **names; /* "-" is standard input */
    size_t count;
    uint64_t bytes; /* of all of them; 0 when one of them has no size, as a pipe */
    bool failed;    /* a folder could not be read or holds no such file: said so */
};

/* The endings of files of requests: .pb, .pbs, .json, .jsonl, .ndjson. NULL behind the last. */
extern const char *const input_request_endings[];

/* `clause` ends the message on a folder without such files: "" or "; ...". */
void input_list_make(struct input_list *list, char **operands, size_t count,
                     const char *const *endings, const char *clause);
void input_list_free(struct input_list *list);

/* Whether a name is more than `ending` and ends in it. */
bool input_name_ends(const char *name, const char *ending);

#endif
