/* serve.h - the server as a whole: what `otlp2parquet serve` runs. */
#ifndef O2P_SERVER_SERVE_H
#define O2P_SERVER_SERVE_H

#include "settings.h"

typedef enum serve_status {
    SERVE_ENDED, /* by a signal, with everything stored */
    SERVE_LEFT, /* by a signal; something is in the log still, and is stored after the next start */
    SERVE_LOST, /* by a signal; something that was acknowledged from memory is not stored */
    SERVE_CANNOT /* it could not start; the reason has been said */
} serve_status;

/* Reads the settings from where they came, all of them. False with the reason. */
typedef bool settings_source(settings *all, settings_error *error);

/* Whether serve() would start with these settings, but for ports and a log that are in use now, as
 * by the server that is to be started anew with them. Makes nothing that stays. False with the
 * reason. */
bool serve_check(const settings *config, settings_error *error);

/* Serves until SIGTERM or SIGINT, then drains. A second one ends the process at once, with status
 * 1. SIGHUP reads the settings again: those that are LIVE change, in `config`, and of the others it
 * is said that they do not; when they cannot be read, all stay. Certificates and credentials are
 * read again too, and stay when they cannot be. systemd is told as notify.h says. To be called by
 * the only thread of the process. */
serve_status serve(settings *config, settings_source *read_again);

#endif
