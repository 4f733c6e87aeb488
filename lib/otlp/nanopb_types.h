/* nanopb_types.h - the few names of nanopb's <pb.h> that otlp.pb.h uses.
 *
 * The library takes field numbers, names and types from the generated header and nothing from
 * nanopb's runtime, so it compiles where nanopb is not installed. Programs that do use the runtime
 * include <pb.h> first, and these definitions step aside.
 */
#ifndef PB_H_INCLUDED
#ifndef O2P_OTLP_NANOPB_TYPES_H
#define O2P_OTLP_NANOPB_TYPES_H

#include "../base/deps.h"

#define PB_PROTO_HEADER_VERSION 40

typedef uint_least16_t pb_size_t;
typedef struct pb_msgdesc_s pb_msgdesc_t;
typedef struct pb_callback_s {
    void *unused;
} pb_callback_t;

#endif
#endif
