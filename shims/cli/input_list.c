/* input_list.c - see input_list.h. */
#include "cli.h"
#include "input_list.h"
#include "terminal.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void add_name(struct input_list *list, char *name)
{
    list->names = must_reallocate(list->names, (list->count + 1) * sizeof *list->names);
    list->names[list->count++] = name;
}

static char *joined(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    size_t space = length + strlen(name) + 2;
    char *path = must_allocate(space);
    const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
    snprintf(path, space, "%s%s%s", folder, slash, name);
    return path;
}

bool input_name_ends(const char *name, const char *ending)
{
    size_t length = strlen(name);
    size_t size = strlen(ending);
    return length > size && strcmp(name + length - size, ending) == 0;
}

const char *const input_request_endings[] = {".pb", ".pbs", ".json", ".jsonl", ".ndjson", NULL};

static bool ends_in_one_of(const char *name, const char *const *endings)
{
    for (; *endings != NULL; endings++)
        if (input_name_ends(name, *endings))
            return true;
    return false;
}

/* "no .a, .b or .c file in this folder", and what there is to say of that. */
static void complain_of_none(const char *folder, const char *const *endings, const char *clause)
{
    char list[256] = "";
    size_t used = 0;
    for (; *endings != NULL && used < sizeof list; endings++) {
        const char *before = used == 0 ? "" : endings[1] == NULL ? " or " : ", ";
        int length = snprintf(list + used, sizeof list - used, "%s%s", before, *endings);
        used += length > 0 ? (size_t)length : 0;
    }
    complain("%s: no %s file in this folder%s", folder, list, clause);
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds the files of an open folder. Returns errno's value for a failure, 0 otherwise. */
static int add_entries(struct input_list *list, const char *folder, DIR *entries,
                       const char *const *endings)
{
    for (;;) {
        errno = 0;
        struct dirent *entry = readdir(entries);
        if (entry == NULL)
            return errno;
        if (!ends_in_one_of(entry->d_name, endings))
            continue;
        char *path = joined(folder, entry->d_name);
        if (is_folder(path))
            free(path);
        else
            add_name(list, path);
    }
}

static void add_folder(struct input_list *list, const char *folder, const char *const *endings,
                       const char *clause)
{
    size_t before = list->count;
    DIR *entries = opendir(folder);
    int failure = entries == NULL ? errno : add_entries(list, folder, entries, endings);
    if (entries != NULL)
        closedir(entries);
    if (failure != 0)
        complain("%s: cannot read this folder: %s", folder, strerror(failure));
    else if (list->count == before)
        complain_of_none(folder, endings, clause);
    list->failed = list->failed || failure != 0 || list->count == before;
    if (list->count > before)
        qsort(list->names + before, list->count - before, sizeof *list->names, by_name);
}

static uint64_t total_size(const struct input_list *list)
{
    uint64_t total = 0;
    for (size_t i = 0; i < list->count; i++) {
        struct stat info;
        bool standard = strcmp(list->names[i], "-") == 0;
        int found = standard ? fstat(STDIN_FILENO, &info) : stat(list->names[i], &info);
        if (found == 0 && !S_ISREG(info.st_mode))
            return 0;
        if (found == 0)
            total += (uint64_t)info.st_size;
    }
    return total;
}

void input_list_make(struct input_list *list, char **operands, size_t count,
                     const char *const *endings, const char *clause)
{
    *list = (struct input_list){0};
    for (size_t i = 0; i < count; i++) {
        if (strcmp(operands[i], "-") != 0 && is_folder(operands[i])) {
            add_folder(list, operands[i], endings, clause);
            continue;
        }
        size_t space = strlen(operands[i]) + 1;
        add_name(list, memcpy(must_allocate(space), operands[i], space));
    }
    list->bytes = total_size(list);
}

void input_list_free(struct input_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->names[i]);
    free(list->names);
    *list = (struct input_list){0};
}
