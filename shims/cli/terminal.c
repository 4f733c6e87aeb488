/* terminal.c - see terminal.h. The bar is redrawn with a carriage return and spaces, which every
 * terminal knows, rather than with escape sequences.
 */
#include "cli.h"
#include "terminal.h"
#include "text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static bool colour_wanted(FILE *out)
{
    const char *no_colour = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    if (no_colour != NULL && no_colour[0] != '\0')
        return false;
    if (term == NULL || strcmp(term, "dumb") == 0)
        return false;
    return isatty(fileno(out)) == 1;
}

const char *heading_on(FILE *out)
{
    return colour_wanted(out) ? "\033[1m" : "";
}

const char *heading_off(FILE *out)
{
    return colour_wanted(out) ? "\033[0m" : "";
}

/* ---- progress ------------------------------------------------------------------------------ */

/* A bar before this is a flicker; redrawing more often than a tenth of a second only costs time. */
static const double FIRST_DRAW_AFTER = 0.5;
static const double DRAW_EVERY = 0.1;
enum { BAR_WIDTH = 30, LINE_WIDTH = 78 };

static struct {
    bool active;
    bool drawn;
    double next_draw; /* seconds of CLOCK_MONOTONIC */
    uint64_t done;
    uint64_t total;
} progress;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

void progress_begin(uint64_t total)
{
    progress.active = isatty(STDERR_FILENO) == 1;
    progress.drawn = false;
    progress.done = 0;
    progress.total = total;
    progress.next_draw = progress.active ? now() + FIRST_DRAW_AFTER : 0;
}

static void progress_erase(void)
{
    if (progress.drawn)
        fprintf(stderr, "\r%*s\r", LINE_WIDTH, "");
    progress.drawn = false;
}

static void progress_draw(void)
{
    char line[LINE_WIDTH + 1];
    char bar[BAR_WIDTH + 1];
    double done = (double)progress.done / 1e6;
    if (progress.total == 0) {
        snprintf(line, sizeof line, "converting  %.1f MB", done);
    } else {
        double part = (double)progress.done / (double)progress.total;
        part = part > 1 ? 1 : part;
        int filled = (int)(part * BAR_WIDTH);
        for (int i = 0; i < BAR_WIDTH; i++)
            bar[i] = i < filled ? '#' : '.';
        bar[BAR_WIDTH] = '\0';
        snprintf(line, sizeof line, "converting [%s] %3d%%  %.1f of %.1f MB", bar,
                 (int)(part * 100), done, (double)progress.total / 1e6);
    }
    fprintf(stderr, "\r%-*s", LINE_WIDTH, line);
    progress.drawn = true;
}

void progress_advance(uint64_t bytes)
{
    progress.done += bytes;
    if (!progress.active)
        return;
    double time = now();
    if (time < progress.next_draw)
        return;
    progress.next_draw = time + DRAW_EVERY;
    progress_draw();
    fflush(stderr);
}

void progress_end(void)
{
    progress_erase();
    progress.active = false;
}

/* ---- messages ------------------------------------------------------------------------------ */

static void say(const char *kind, const char *colour, const char *format, va_list values)
{
    char *message = NULL;
    size_t size = 0;
    bool colourful = colour_wanted(stderr);
    FILE *memory = open_memstream(&message, &size);
    progress_erase();
    fprintf(stderr, "otlp2parquet: %s%s:%s ", colourful ? colour : "", kind,
            colourful ? "\033[0m" : "");
    if (memory != NULL) {
        vfprintf(memory, format, values);
        fclose(memory);
    }
    if (message != NULL)
        text_put(stderr, message, size);
    else
        fputs("out of memory", stderr);
    fputc('\n', stderr);
    free(message);
}

void complain(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say("error", "\033[31m", format, values);
    va_end(values);
}

void remark(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say("note", "\033[33m", format, values);
    va_end(values);
}

/* ---- memory -------------------------------------------------------------------------------- */

void *must_have(void *block)
{
    if (block != NULL)
        return block;
    fputs("otlp2parquet: error: out of memory\n", stderr);
    exit(STATUS_RESOURCE);
}

void *must_allocate(size_t size)
{
    return must_have(malloc(size));
}

void *must_reallocate(void *block, size_t size)
{
    return must_have(realloc(block, size));
}
