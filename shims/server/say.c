/* say.c - see say.h. A line is made in a block of its own and written by one call, which is what
 * keeps the lines of threads apart.
 */
#include "server.h"
#include "say.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    atomic_int least;  /* level */
    atomic_int format; /* log_format */
} manner = {LEVEL_INFO, FORMAT_TEXT};

void say_as(level least, log_format format)
{
    atomic_store(&manner.least, (int)least);
    atomic_store(&manner.format, (int)format);
}

static void put_time(char text[32])
{
    struct timespec now;
    struct tm parts;
    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &parts);
    size_t used = strftime(text, 32, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(text + used, 32 - used, ".%03ldZ", now.tv_nsec / 1000000);
}

/* Copies `text` so that it is valid in a JSON string and harmless on a terminal. `most` is the room
 * with the NUL. */
static void escape(const char *text, char *out, size_t most, bool json)
{
    size_t used = 0;
    for (; *text != '\0' && used + 7 < most; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\') {
            if (json)
                out[used++] = '\\';
            out[used++] = (char)byte;
        } else if (byte < 0x20 || byte >= 0x7f)
            used += (size_t)snprintf(out + used, most - used, "\\u%04x", byte);
        else
            out[used++] = (char)byte;
    }
    out[used] = '\0';
}

void say(level at, const char *format, ...)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    char time[32];
    char message[1024];
    char escaped[2048];
    char line[2200];
    if ((int)at < manner.least)
        return;
    bool json = manner.format == FORMAT_JSON;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    escape(message, escaped, sizeof escaped, json);
    put_time(time);
    int size =
        snprintf(line, sizeof line,
                 json ? "{\"time\":\"%s\",\"level\":\"%s\",\"message\":\"%s\"}\n" : "%s %-5s %s\n",
                 time, names[at], escaped);
    /* There is nowhere to report that it could not be written. */
    if (write(STDERR_FILENO, line, (size_t)size) < 0)
        return;
}
