/* decimal.h - doubles as decimal text, exact in both directions.
 *
 * Only integers are computed with: results depend on no rounding mode, no excess precision, no
 * libm.
 */
#ifndef O2P_BASE_DECIMAL_H
#define O2P_BASE_DECIMAL_H

#include "deps.h"

/* Longest text of a double, in bytes. The longest there is has 25: a sign, "0.00000" and 17 digits.
 */
enum { O2P_DOUBLE_TEXT_MAX = 25 };

/* Writes the shortest decimal text that reads back as the same double, and of those of that length
 * the one closest to it (if two are, the even one), at `at` (room for O2P_DOUBLE_TEXT_MAX bytes),
 * without NUL; returns its length. The form is ECMAScript's Number::toString: from 1e21 on "1e+21",
 * below 1e-6 "1e-7", between them without exponent; no ".0"; "NaN", "Infinity", "-Infinity"; but
 * "-0" for -0.0. */
size_t o2p_format_double(char *at, double value);

/* Reads decimal text [-+]digits[.digits][(e|E)[-+]digits] of any length as the double nearest to it
 * (ties to even; overflow gives an infinity, underflow a zero or a denormal). False, and *value as
 * it was, when the text is not of that form. */
bool o2p_parse_double(const char *text, size_t size, double *value);

#endif
