/* promotion.h - attributes with a column of their own: which are allowed, and which attributes a
 * column holds.
 */
#ifndef O2P_BATCH_PROMOTION_H
#define O2P_BATCH_PROMOTION_H

#include "attribute_text.h"
#include "schema.h"

/* NULL when all are as o2p_options.promotions says; else what is wrong with one of them. */
const char *o2p_promotions_check(const o2p_promotion *promotions, size_t count);

/* Copies promotions that were checked into `storage`, and has *promotions point there. False when
 * memory is refused. */
bool o2p_promotions_copy(const o2p_promotion **promotions, size_t count, o2p_buffer *storage);

/* The name of its column. */
static inline const char *o2p_promotion_name(const o2p_promotion *promotion)
{
    return promotion->column == NULL ? promotion->key : promotion->column;
}

/* The MAP of a table that promotions of a source take from. */
o2p_col o2p_promotion_map(o2p_table table, o2p_promotion_source source);

/* Whether the key is the promotion's. */
bool o2p_promotion_is(const o2p_promotion *promotion, const o2p_entry *key);

/* Whether its column holds a value of this type exactly. */
bool o2p_promotion_holds(const o2p_promotion *promotion, uint8_t letter);

#endif
