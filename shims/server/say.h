/* say.h - what the server reports of itself, on standard error: one line an event, as text or as
 * JSON, at a level. Any thread may say something at any time; lines are never mixed.
 *
 *   2025-03-14T21:50:00.196Z warn  cannot store ...
 *   {"time":"2025-03-14T21:50:00.196Z","level":"warn","message":"cannot store ..."}
 */
#ifndef O2P_SERVER_SAY_H
#define O2P_SERVER_SAY_H

#include <stdint.h>

#include "server.h"
#include "settings.h"

/* What is said and how, from now on. Info and text until it is called. Any thread may call it. */
void say_as(level least, log_format format);

/* Says one event: printf's format, without a newline. Control characters and bytes that are not
 * ASCII text or UTF-8 come out escaped, whoever they came from. Cut at about 1,000 bytes. */
void say(level at, const char *format, ...) LIKE_PRINTF(2, 3);

/* The end of a word that is counted: "s" but for one. */
static inline const char *plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

#endif
