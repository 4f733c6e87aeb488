/* attribute_json.h - a list of attributes as the text of one JSON object.
 */
#ifndef O2P_BATCH_ATTRIBUTE_JSON_H
#define O2P_BATCH_ATTRIBUTE_JSON_H

#include "attribute_text.h"

/* Appends the list as a JSON object, its members in the list's order. */
void o2p_append_attribute_json(const o2p_attribute_list *list, o2p_buffer *out);

#endif
