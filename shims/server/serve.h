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

/* Serves until SIGTERM or SIGINT, then drains. A second one ends the process at once, with status
 * 1. To be called by the only thread of the process. */
serve_status serve(const settings *config);

#endif
