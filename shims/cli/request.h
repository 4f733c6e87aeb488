/* request.h - what convert and bench have in common: the flags that name library options, and how
 * the library's errors are told.
 */
#ifndef O2P_CLI_REQUEST_H
#define O2P_CLI_REQUEST_H

#include "../../include/otlp2parquet.h"
#include "args.h"
#include "input.h"

/* What --one-file and bench write: no field but the required hash splits, so there is one file a
 * table. */
#define ONE_FILE_TEMPLATE "{table}-{time}-{hash}.parquet"

extern const struct flag_choice signal_choices[]; /* values of o2p_signal */
extern const struct flag_choice codec_choices[];  /* values of o2p_codec */

/* Prints what is wrong with a request of the input `name`. `number` counts the requests of a
 * delimited input from 1; it is 0 when the input is one request. */
void request_complain(const char *name, uint64_t number, const struct input_request *request,
                      const o2p_error *error);

/* Prints an error that no request is to blame for. */
void library_complain(const char *doing, const o2p_error *error);

#endif
