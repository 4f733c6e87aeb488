/* storage.c - finds the kind of storage that an address names. See storage.h. */
#include "storage.h"
#include "fs.h"

#include <stdio.h>
#include <string.h>

storage *storage_open(const char *address, storage_error *error)
{
    static const char file_scheme[] = "file://";
    const char *scheme = strstr(address, "://");
    if (scheme == NULL)
        return fs_open(address, error);
    if (strncmp(address, file_scheme, sizeof file_scheme - 1) == 0 && scheme[3] == '/')
        return fs_open(scheme + 3, error);
    snprintf(error->text, sizeof error->text,
             "%.200s: no such storage; it is a folder's path, or file:///PATH", address);
    return NULL;
}
