/* The page store of a simulated far machine: judges each line as it comes, keeps the page's octets where they are
 * wanted, and gives confirmed pages out as MMR.
 */
#ifndef FL_PAGE_STORE_H
#define FL_PAGE_STORE_H

#include <pthread.h>

#include "base/boundary.h"
#include "t30/t30.h"

/* No page may be larger: a far end that sends without end must not fill the memory. */
#define FL_STORE_PAGE_MAX (16u << 20)

struct fl_stored_page {
    struct fl_stored_page *next;
    struct fl_page_info info;
    struct fl_t4_format format;
    size_t length;
    uint8_t code[]; /* as received */
};

struct fl_store {
    bool save;       /* keep pages; otherwise only judge them */
    bool confirm;    /* a page is stored when its taker says so, not when it is taken */
    int number;      /* of pages kept in this call */
    uint64_t octets; /* of the page at work */
    bool broken;     /* it is longer than any page may be, or the memory is: it cannot be kept */
    struct fl_t4_format format;
    struct fl_page_info info;
    struct fl_t4_decoder decoder;
    uint8_t *code;
    size_t length, cap;
    pthread_mutex_t mutex;               /* of the two below: the line keeps, the application takes */
    struct fl_stored_page *first, *last; /* kept, not yet taken */
};

void fl_store_init(struct fl_store *store, bool save);
struct fl_t30_inbox fl_store_inbox(struct fl_store *store);
void fl_store_free(struct fl_store *store);
/* The oldest kept page as MMR, MSB first: octets, 0 when there is none. code NULL asks for the size. */
int64_t fl_store_take(struct fl_store *store, struct fl_page_info *info, uint8_t *code, int64_t cap);

#endif
