/* The far machine's page store, see store.h. It is the simulator's paper tray, not the line path of our own engine:
 * it may allocate.
 */
#include "page/store.h"

#include <stdlib.h>
#include <string.h>

static void store_begin(void *ctx, const struct fl_session *session, const char *remote_id, int document)
{
    struct fl_store *store = ctx;
    const struct fl_resolution_row *resolution = &FL_RESOLUTIONS[session->resolution];
    store->format = (struct fl_t4_format){
        .coding = session->coding,
        .from_line = true,
        .width_px = resolution->width_px[session->width],
    };
    store->info = (struct fl_page_info){
        .width_px = store->format.width_px,
        .x_dpi = resolution->x_dpi,
        .y_dpi = resolution->y_dpi,
        .document = document + 1,
    };
    memcpy(store->info.remote_id, remote_id, strlen(remote_id));
    store->octets = 0;
    store->length = 0;
    store->broken = false;
    fl_t4_decoder_init(&store->decoder, &store->format);
    store->decoder.max_rows = UINT32_MAX; /* the octets are bounded; rows beyond the limit are rows, too */
}

static void count_rows(struct fl_store *store)
{
    const uint8_t *row;
    while (fl_t4_decoder_row(&store->decoder, &row) == FL_T4_ROW) continue;
}

static void append(struct fl_store *store, const uint8_t *octets, size_t length)
{
    if (store->cap - store->length < length) {
        size_t cap = 2 * store->cap + length + 65536;
        uint8_t *larger = realloc(store->code, cap);
        if (!larger) {
            store->broken = true;
            return;
        }
        store->code = larger;
        store->cap = cap;
    }
    memcpy(store->code + store->length, octets, length);
    store->length += length;
}

static uint32_t store_data(void *ctx, const uint8_t *octets, size_t length)
{
    struct fl_store *store = ctx;
    store->octets += length;
    if (store->octets > FL_STORE_PAGE_MAX) store->broken = true;
    if (store->broken) return FL_PAGE_ENDED;
    if (store->save) append(store, octets, length);
    fl_t4_decoder_feed(&store->decoder, octets, length);
    count_rows(store);
    return store->decoder.end_seen ? FL_PAGE_ENDED : fl_t4_decoder_lines(&store->decoder);
}

static struct fl_copy_quality store_end(void *ctx)
{
    struct fl_store *store = ctx;
    fl_t4_decoder_end(&store->decoder);
    count_rows(store);
    store->info.rows = (int32_t)store->decoder.rows;
    store->info.bad_rows = (int32_t)store->decoder.bad_rows;
    if (store->broken) return (struct fl_copy_quality){0};
    /* Longer than a page is given out again: it would not be whole. */
    bool too_long = store->decoder.rows > FL_T4_DEFAULT_MAX_ROWS;
    bool cut = too_long || (!store->decoder.end_seen && store->decoder.bad_run > 0);
    return (struct fl_copy_quality){.rows = store->decoder.rows,
                                    .bad_rows = store->decoder.bad_rows,
                                    .lost_rows = fl_t4_decoder_lost(&store->decoder),
                                    .ended = store->decoder.end_seen,
                                    .cut = cut};
}

static enum fl_kept store_keep(void *ctx)
{
    struct fl_store *store = ctx;
    if (store->broken) return FL_NOT_KEPT;
    store->info.number = ++store->number;
    if (!store->save) return FL_KEPT;
    struct fl_stored_page *page = malloc(sizeof *page + store->length);
    if (!page) return FL_NOT_KEPT;
    page->next = NULL;
    page->info = store->info;
    page->format = store->format;
    page->length = store->length;
    memcpy(page->code, store->code, store->length);
    pthread_mutex_lock(&store->mutex);
    if (store->last)
        store->last->next = page;
    else
        store->first = page;
    store->last = page;
    pthread_mutex_unlock(&store->mutex);
    return store->confirm ? FL_KEEPING : FL_KEPT;
}

void fl_store_init(struct fl_store *store, bool save)
{
    store->save = save;
    pthread_mutex_init(&store->mutex, NULL);
}

struct fl_t30_inbox fl_store_inbox(struct fl_store *store)
{
    store->number = 0;
    return (struct fl_t30_inbox){store, store_begin, store_data, store_end, store_keep};
}

static struct fl_stored_page *first_of(struct fl_store *store)
{
    pthread_mutex_lock(&store->mutex);
    struct fl_stored_page *page = store->first;
    pthread_mutex_unlock(&store->mutex);
    return page;
}

static void drop_first(struct fl_store *store)
{
    pthread_mutex_lock(&store->mutex);
    struct fl_stored_page *page = store->first;
    store->first = page->next;
    if (!store->first) store->last = NULL;
    pthread_mutex_unlock(&store->mutex);
    free(page);
}

void fl_store_free(struct fl_store *store)
{
    while (store->first) drop_first(store);
    free(store->code);
    pthread_mutex_destroy(&store->mutex);
}

static const uint8_t *next_of_decoder(void *ctx)
{
    const uint8_t *row;
    return fl_t4_decoder_row(ctx, &row) == FL_T4_ROW ? row : NULL;
}

int64_t fl_store_take(struct fl_store *store, struct fl_page_info *info, uint8_t *code, int64_t cap)
{
    struct transcoder {
        struct fl_t4_decoder decoder;
        struct fl_t4_encoder encoder;
        uint8_t bin[4096];
    } *work;
    struct fl_stored_page *page = first_of(store); /* only the taker drops it */
    if (!page) return 0;
    work = malloc(sizeof *work);
    if (!work) return FL_E_MEMORY;
    struct fl_t4_format mmr = {.coding = FL_CODING_MMR, .width_px = page->format.width_px, .msb_first = true};
    fl_t4_decoder_init(&work->decoder, &page->format);
    work->decoder.max_rows = (uint32_t)page->info.rows;
    fl_t4_decoder_feed(&work->decoder, page->code, page->length);
    fl_t4_decoder_end(&work->decoder);
    fl_t4_encoder_init(&work->encoder, &mmr, (struct fl_rows){next_of_decoder, &work->decoder});
    int64_t total = 0;
    for (size_t got; (got = fl_t4_encoder_read(&work->encoder, work->bin, sizeof work->bin)) > 0;
         total += (int64_t)got)
        if (code && total + (int64_t)got <= cap) memcpy(code + total, work->bin, got);
    free(work);
    *info = page->info;
    if (code) drop_first(store);
    return total;
}
