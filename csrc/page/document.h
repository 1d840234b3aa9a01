/* A document to be sent: its pages, kept coded (MMR), and the outbox from which the T.30 engine takes them in the
 * format that was agreed. Pages are decoded, scaled where the far end cannot take them as they are, given their header
 * line, and coded again, row by row, as the modem asks for octets: no page ever exists as a bitmap here.
 */
#ifndef FL_PAGE_DOCUMENT_H
#define FL_PAGE_DOCUMENT_H

#include "base/boundary.h"
#include "page/header.h"
#include "page/scale.h"
#include "t30/t30.h"
#include "t4/t4.h"

struct fl_document_page {
    uint8_t *code; /* MMR, LSB first */
    size_t length;
    struct fl_page_shape shape;
    uint64_t black;   /* pixels, header line not included */
    int64_t sizes[3]; /* octets by enum fl_coding, header included; -1: not measured yet */
    struct fl_strip strips[FL_HEADER_GRIDS]; /* its header line */
};

struct fl_document {
    struct fl_document_page *pages;
    int32_t count, cap;
    bool separate;               /* the next page begins another document */
    bool open;                   /* more pages will come while it is sent */
    struct fl_document *further; /* pages that came since: pieces, each with pages of its own */
};

/* A document being sent. Embedded by the channel. */
struct fl_sending {
    const struct fl_document *document;
    const struct fl_document_page *page;
    struct fl_t4_decoder decoder;
    struct fl_scale scale;
    struct fl_header header;
    struct fl_t4_encoder encoder;
    size_t sent;         /* octets of the page that goes out as it is kept */
    uint8_t smallest[8]; /* by the set of codings: enum fl_coding + 1, once it was asked for; 0: not yet */
};

/* Puts a piece behind the pages that there are; allocates nothing. */
void fl_document_append(struct fl_document *document, struct fl_document *piece);

struct fl_t30_outbox fl_sending_outbox(struct fl_sending *sending, const struct fl_document *document);

#endif
