/* output.h - files that are whole or absent.
 *
 * A file is written under a temporary name in its own folder, synced, renamed, and the folder
 * synced: a reader never sees a part of it under its final name, and after a crash there is the
 * whole file or none. Temporary names begin with a dot and do not end in .parquet, so no glob over
 * the data finds one.
 */
#ifndef O2P_CLI_OUTPUT_H
#define O2P_CLI_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

/* Makes signals that end the program remove the temporary file first. Call once. */
void output_guard(void);

/* Makes a folder and those above it. False: a message has been printed. */
bool output_folder(const char *path);

/* Writes a file, folders included; replaces one of that name. False: a message has been printed. */
bool output_file(const char *path, const void *data, size_t size);

#endif
