/* storage.c - finds the kind of storage that an address names. See storage.h. */
#include "storage.h"
#include "fs.h"

#include <stdio.h>
#include <string.h>

/* The folder that an address names; NULL when it names another kind of storage. */
static const char *folder_of(const char *address, storage_error *error)
{
    static const char file_scheme[] = "file://";
    const char *scheme = strstr(address, "://");
    if (scheme == NULL)
        return address;
    if (strncmp(address, file_scheme, sizeof file_scheme - 1) == 0 && scheme[3] == '/')
        return scheme + 3;
    snprintf(error->text, sizeof error->text,
             "%.200s: no such storage; it is a folder's path, or file:///PATH", address);
    return NULL;
}

storage *storage_open(const char *address, storage_error *error)
{
    const char *folder = folder_of(address, error);
    return folder != NULL ? fs_open(folder, error) : NULL;
}

bool storage_check(const char *address, storage_error *error)
{
    const char *folder = folder_of(address, error);
    return folder != NULL && fs_check(folder, error);
}
