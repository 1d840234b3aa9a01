/* Memory runs out: each allocation of the engine fails once, in turn, while documents and pages are made, channels are opened
 * and a call is made. Whatever was begun says so, in a sentence or with FL_E_MEMORY, and nothing is leaked or freed twice.
 *
 * The linker puts these in the place of malloc and its kin (Makefile): for the engine's calls and ours, not the C library's.
 */
#include "base/boundary.h"
#include "line/pipe.h"
#include "t4/t4.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* ---- the allocator ---- */

static atomic_long counted, fail_at, live;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *memory);

static bool fails(void)
{
    return atomic_fetch_add(&counted, 1) + 1 == atomic_load(&fail_at);
}

static void *given(void *memory)
{
    if (memory) atomic_fetch_add(&live, 1);
    return memory;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : given(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : given(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    if (fails()) return NULL;
    void *memory = __real_realloc(old, size);
    return old ? memory : given(memory);
}

void __wrap_free(void *memory)
{
    if (memory) atomic_fetch_sub(&live, 1);
    __real_free(memory);
}

/* Does it again and again, each time with the next allocation failing, until there are no more. */
static void each_fails(const char *what, void (*act)(bool failing))
{
    long at = 0;
    do {
        long before = atomic_load(&live);
        atomic_store(&counted, 0);
        atomic_store(&fail_at, ++at);
        act(true);
        CHECK_EQ(atomic_load(&live), before);
        if (atomic_load(&live) != before) fprintf(stderr, "%s, allocation %ld\n", what, at);
    } while (atomic_load(&counted) >= at);
    atomic_store(&fail_at, 0);
    act(false);
    CHECK(at > 1);
    printf("%s: %ld allocations\n", what, at - 1);
}

/* ---- documents ---- */

static uint8_t bitmap[216 * 300];

static void fill_bitmap(void)
{
    uint64_t random = 3;
    for (size_t i = 0; i < sizeof bitmap; i++)
        bitmap[i] = i % 5 ? 0 : (uint8_t)(fl_random(&random) & fl_random(&random));
}

static bool out_of_memory(int64_t result)
{
    CHECK(result >= 0 || result == FL_E_MEMORY);
    return result < 0;
}

static void make_document(bool failing)
{
    struct fl_document *document = fl_document_new();
    CHECK(document || failing);
    if (!document) return;
    int32_t pages = 0;
    bool failed = false;
    for (int i = 0; i < 6; i++) { /* more than the first room for pages */
        bool out = out_of_memory(fl_document_add_page(document, 1728, 204, 196, bitmap, 300));
        failed |= out;
        pages += !out;
        CHECK_EQ(fl_document_pages(document), pages);
    }
    CHECK(!failed || failing);
    for (int coding = 0; coding < 3 && pages; coding++)
        out_of_memory(fl_document_coded_size(document, 0, coding));
    fl_document_free(document);
}

static void add_coded(bool failing)
{
    static const int CODINGS[] = {FL_CODING_MH, FL_CODING_MMR};
    static uint8_t code[65536];
    struct fl_document *document = fl_document_new();
    if (!document) return;
    for (size_t i = 0; i < FL_COUNT(CODINGS); i++) {
        int64_t length =
            fl_t4_encode_page(CODINGS[i], 0, 1, 1728, 0, bitmap, 300, code, (int64_t)sizeof code);
        CHECK(length > 0);
        struct fl_coded_page page = {.width_px = 1728,
                                     .x_dpi = 204,
                                     .y_dpi = 196,
                                     .coding = CODINGS[i],
                                     .msb_first = 1,
                                     .row_count = 300,
                                     .rows_per_strip = 300,
                                     .strip_count = 1,
                                     .strip_lengths = &length,
                                     .code = code,
                                     .length = length};
        CHECK(!out_of_memory(fl_document_add_coded(document, &page)) || failing);
    }
    fl_document_free(document);
}

/* ---- pictures ---- */

/* Grey paper in even and in uneven light, and white paper with something light on it. */
static void make_pictures(bool failing)
{
    static uint8_t grey[300 * 300], rows[38 * 200];
    for (int kind = 0; kind < 3; kind++) {
        struct fl_sheet sheet = {300, 300, 300, 200, 300, 204, FL_PICTURE_GREY, 0, NULL, 0, 0};
        struct fl_raster *raster;
        for (int i = 0; i < 300 * 300; i++)
            grey[i] = (uint8_t)(kind == 0 ? 128 + i % 2 * 100 : kind == 1 ? i % 300 / 2 + 60 : 255 - i % 50);
        if (kind == 2) memset(grey + 3000, 255, sizeof grey - 3000);
        if (out_of_memory(fl_raster_new(&sheet, &raster))) continue;
        bool out = out_of_memory(fl_raster_feed(raster, grey, sizeof grey, 300));
        if (!out) out = out_of_memory(fl_raster_page(raster, rows, sizeof rows));
        CHECK(!out || failing);
        fl_raster_free(raster);
    }
}

/* ---- channels ---- */

/* Closes it again. A channel that did not open has said why. */
static void open_and_close(const struct fl_channel_config *config, bool failing)
{
    char error[128] = "";
    struct fl_channel *channel = fl_channel_open(config, error, sizeof error);
    CHECK(channel || failing);
    if (channel) {
        fl_channel_close(channel);
        fl_channel_free(channel);
    } else {
        CHECK(strstr(error, "memory"));
    }
}

static void open_simulated(bool failing)
{
    open_and_close(&(struct fl_channel_config){.far = -1, .delay_ms = 20, .speed = 1, .trace = 1}, failing);
}

static void open_two_lines(bool failing)
{
    struct fl_channel_config config = {.far = -1, .delay_ms = 20, .speed = 1, .number = "5550001"};
    config.office = fl_office_new();
    CHECK(config.office || failing);
    if (!config.office) return;
    open_and_close(&config, failing);
    strcpy(config.number, "5550002");
    open_and_close(&config, failing);
    fl_office_free(config.office);
}

/* A pipe to a modem that never says anything. It is the channel's, also when the channel does not open. */
static int pipes_freed;

static int64_t pipe_read(struct fl_pipe *pipe, uint8_t *octets, size_t cap, fl_time now)
{
    (void)pipe, (void)octets, (void)cap, (void)now;
    return 0;
}

static size_t pipe_room(struct fl_pipe *pipe, fl_time now)
{
    (void)pipe, (void)now;
    return 0;
}

static int64_t pipe_write(struct fl_pipe *pipe, const uint8_t *octets, size_t length, fl_time now)
{
    (void)pipe, (void)octets, (void)length, (void)now;
    return 0;
}

static fl_time pipe_deadline(struct fl_pipe *pipe)
{
    (void)pipe;
    return FL_NEVER;
}

static int pipe_fd(struct fl_pipe *pipe)
{
    (void)pipe;
    return -1;
}

static void pipe_free(struct fl_pipe *pipe)
{
    (void)pipe;
    pipes_freed++;
}

static void open_pipe(bool failing)
{
    static const struct fl_pipe_ops OPS = {pipe_read, pipe_room, pipe_write, pipe_deadline,
                                           pipe_fd,   NULL,      pipe_free};
    static struct fl_pipe pipe = {&OPS};
    struct fl_channel_config config = {
        .board = FL_BOARD_PIPE, .far = -1, .speed = 1, .trace = 1, .pipe = &pipe};
    pipes_freed = 0;
    open_and_close(&config, failing);
    CHECK_EQ(pipes_freed, 1);
}

/* ---- a whole call ---- */

static bool await_event(struct fl_channel *channel, uint64_t *seen, int kind, struct fl_event *event)
{
    for (int i = 0; i < 1000; i++) {
        fl_channel_allow(channel, *seen);
        if (fl_channel_wait(channel, 20000, event) != 1) break;
        *seen = event->seq;
        if (event->kind == FL_EVENT_CALL && event->state == FL_CALL_IDLE) return false;
        if (event->kind == kind && (kind != FL_EVENT_CALL || event->state == FL_CALL_ANSWERED)) return true;
    }
    CHECK(!"the call got nowhere");
    return false;
}

/* However it ends, it ends; and well when nothing fails. */
static void make_call(bool failing)
{
    static const struct fl_fax_options OPTIONS = {1, 1, 1, 2400, 14400, -1, 1, -1, "5550001", "", "", ""};
    struct fl_channel_config config = {.far = -1, .delay_ms = 20, .speed = 1, .seed = 1, .save = 1};
    char error[128];
    uint64_t seen = 0;
    struct fl_event event;
    struct fl_channel *channel = fl_channel_open(&config, error, sizeof error);
    struct fl_document *document = channel ? fl_document_new() : NULL;
    if (document && fl_document_add_page(document, 1728, 204, 196, bitmap, 300) == 0) {
        bool dialled = fl_channel_dial(channel, "5550100") == 1;
        CHECK(dialled || failing);
        if (dialled && await_event(channel, &seen, FL_EVENT_CALL, &event)) {
            bool taken = fl_channel_fax_send(channel, &OPTIONS, document, 0) == 0;
            document = NULL;
            CHECK(taken || failing); /* an order that is not taken says so */
            event.cause = FL_FAX_ERROR;
            CHECK(!taken || await_event(channel, &seen, FL_EVENT_FAX_ENDED, &event));
            CHECK(failing || (event.cause == FL_FAX_NORMAL && event.pages == 1));
            /* What the far machine could not keep it did not confirm. */
            CHECK(event.cause != FL_FAX_NORMAL || event.pages == 1);
        }
    } else {
        CHECK(failing);
    }
    fl_document_free(document);
    if (!channel) return;
    fl_channel_close(channel);
    fl_channel_free(channel);
}

int main(void)
{
    fill_bitmap();
    each_fails("documents", make_document);
    each_fails("coded documents", add_coded);
    each_fails("pictures", make_pictures);
    each_fails("a simulated channel", open_simulated);
    each_fails("two lines", open_two_lines);
    each_fails("a modem behind a pipe", open_pipe);
    each_fails("a call", make_call);
    return check_result("test_allocation");
}
