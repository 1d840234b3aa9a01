#include "board/job.h"
#include "board/station.h"
#include "line/pipe.h"
#include "extra/soft/boundary.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

static struct fl_trace trace;
static bool verbose;
static void print_trace(void)
{
    struct fl_trace_record record;
    while (fl_trace_take(&trace, &record)) {
        if (!verbose) continue;
        char text[400] = "";
        const char *kind = fl_trace_kind_name(record.kind);
        printf("%9.3f %d %-14s ", (double)record.time_us / 1e6, record.station, kind);
        if (strncmp(kind, "frame", 5) == 0) {
            fl_frame_text(record.data, record.length, text, sizeof text);
            printf("%s %s\n", fl_frame_name(record.data, record.length), text);
        } else printf("%.*s\n", record.length, (const char *)record.data);
    }
}
static fl_time now;
static struct fl_station station;
static struct fl_pipe *pipe_;

int main(int argc, char **argv)
{
    struct fl_soft_config config = {.far = 1, .number="1", .audio = {.noise_dbm0=-100,.echo_db=-100,.delay_ms=20}};
    config.terminal.ecm = 1;
    bool receive = false, poll = false, between = false;
    struct fl_fax_options options = {.v17=1,.v29=1,.v27=1,.min_rate_bps=2400,.max_rate_bps=14400,.high_res=-1,.ecm=1,.compression=-1,.subscriber_id="5550100"};
    const char *tiff = NULL, *profile = "iaxmodem";
    for (int i = 1; i < argc; i++) {
        char *a = argv[i], *v = strchr(a, 61);
        if (v) *v++ = 0;
        if (!strcmp(a, "-v")) verbose = true;
        else if (!strcmp(a, "receive")) receive = true;
        else if (!strcmp(a, "between")) between = true;
        else if (!strcmp(a, "poll")) poll = true;
        else if (!strcmp(a, "ecm")) config.terminal.ecm = options.ecm = atoi(v);
        else if (!strcmp(a, "modems")) config.terminal.modems = atoi(v);
        else if (!strcmp(a, "rate")) options.max_rate_bps = atoi(v);
        else if (!strcmp(a, "coding")) options.compression = atoi(v);
        else if (!strcmp(a, "codings")) config.terminal.compressions = atoi(v);
        else if (!strcmp(a, "noise")) config.audio.noise_dbm0 = atof(v);
        else if (!strcmp(a, "level")) config.audio.level_db = atof(v);
        else if (!strcmp(a, "echo")) config.audio.echo_db = atof(v);
        else if (!strcmp(a, "delay")) config.audio.delay_ms = atoi(v);
        else if (!strcmp(a, "hole")) config.audio.hole_ms = atoi(v);
        else if (!strcmp(a, "every")) config.audio.hole_every_ms = atoi(v);
        else if (!strcmp(a, "alaw")) config.audio.companding = atoi(v);
        else if (!strcmp(a, "seed")) config.audio.seed = (uint64_t)atoi(v);
        else if (!strcmp(a, "save")) strcpy(config.terminal.save, v);
        else if (!strcmp(a, "send")) strcpy(config.terminal.send, v);
        else if (!strcmp(a, "id")) strcpy(config.terminal.id, v), strcpy(options.subscriber_id, v);
        else if (!strcmp(a, "profile")) profile = v;
        else tiff = a;
    }
    struct fl_document *document = fl_document_new();
    if (tiff) {
        TIFF *t = TIFFOpen(tiff, "r");
        do {
            uint32_t w, h; float x, y; uint16_t unit = 2, ph = 0;
            TIFFGetField(t, TIFFTAG_IMAGEWIDTH, &w); TIFFGetField(t, TIFFTAG_IMAGELENGTH, &h);
            TIFFGetField(t, TIFFTAG_XRESOLUTION, &x); TIFFGetField(t, TIFFTAG_YRESOLUTION, &y);
            TIFFGetField(t, TIFFTAG_PHOTOMETRIC, &ph);
            size_t o = (w + 7) / 8; uint8_t *rows = malloc(o * h);
            for (uint32_t r = 0; r < h; r++) { TIFFReadScanline(t, rows + r * o, r, 0); if (ph == 1) for (size_t k = 0; k < o; k++) rows[r*o+k] ^= 255; }
            int e = fl_document_add_page(document, (int)w, (int)(x + .5f), (int)(y + .5f), rows, h);
            if (e) printf("page refused: %d (%u %f %f)\n", e, w, (double)x, (double)y);
            free(rows); (void)unit;
        } while (TIFFReadDirectory(t));
        TIFFClose(t);
    }
    fl_document_measure(document);
    if (between) {
        struct fl_terminal_outcome o[2];
        struct fl_terminal_config a = config.terminal, b = config.terminal;
        b.send[0] = 0; a.save[0] = 0;
        printf("between: held %.3f s\n", (double)fl_soft_between(&config.audio, &a, &b, o) / 1e6);
        for (int i = 0; i < 2; i++) printf("terminal: %d (%s) %d bit/s ecm %d coding %d sent %d received %d width %d rows %d bad %d resent %d remote '%s'\n", o[i].result, fl_terminal_text(o[i].result), o[i].rate_bps, o[i].ecm, o[i].coding, o[i].pages_sent, o[i].pages_received, o[i].width_px, o[i].rows, o[i].bad_rows, o[i].resent, o[i].remote_id);
        return 0;
    }
    struct fl_soft *office = fl_soft_new();
    pipe_ = fl_soft_open(office, &config);
    struct fl_pen pen = {&trace, 0};
    fl_station_init(&station, fl_class1_profile(profile), pen, 0);
    struct fl_job job;
    struct fl_store store = {0};
    fl_store_init(&store, true);
    bool dialled = false, started = false, over = false;
    while (!over && now < FL_SEC(3000)) {
        bool any;
        int rounds = 0;
        do {
            any = false;
            uint8_t octets[2048];
            int64_t got = pipe_->ops->read(pipe_, octets, sizeof octets, now);
            if (got > 0) { fl_station_input(&station, octets, (size_t)got, now); any = true; }
            size_t room = pipe_->ops->room(pipe_, now);
            if (room > sizeof octets) room = sizeof octets;
            size_t given = room ? fl_station_output(&station, octets, room, now) : 0;
            if (given) { int64_t w = pipe_->ops->write(pipe_, octets, given, now); if (w != (int64_t)given) printf("SHORT WRITE\n"); any = true; }
            if (fl_station_deadline(&station) <= now) { fl_station_tick(&station, now); any = true; }
            struct fl_station_event from;
            while (fl_station_event(&station, &from)) {
                struct fl_event event = {0};
                any = true;
                if (!fl_job_event(&job, &station, &from, &event)) continue;
                switch (event.kind) {
                case FL_EVENT_CALL:
                    printf("%9.3f call %s %s\n", (double)now/1e6, fl_call_state_name(event.state), fl_call_cause_name(event.cause));
                    if (event.state == FL_CALL_RING_INCOMING) fl_station_answer(&station, now);
                    if (event.state == FL_CALL_ANSWERED) {
                        if (receive) fl_job_receive(&job, &station, &options, &store, now);
                        else fl_job_start(&job, &station, &options, document, now);
                        started = true;
                    }
                    if (event.state == FL_CALL_IDLE) over = true;
                    break;
                case FL_EVENT_NEGOTIATED: printf("%9.3f negotiated V.%d %d ecm %d coding %d %dx %dx%d scan %d remote '%s'\n", (double)now/1e6, event.negotiated.modem, event.negotiated.rate_bps, event.negotiated.ecm, event.negotiated.coding, event.negotiated.width_px, event.negotiated.x_dpi, event.negotiated.y_dpi, event.negotiated.min_scan_ms, event.negotiated.remote_id); break;
                case FL_EVENT_PAGE: printf("%9.3f page %d last %d\n", (double)now/1e6, event.pages, event.last); break;
                case FL_EVENT_FAX_ENDED: printf("%9.3f ended %s %s: %s pages %d\n", (double)now/1e6, fl_fax_cause_name(event.cause), fl_raw_code(event.raw), fl_raw_text(event.raw), event.pages);
                    fl_station_hang_up(&station, now); break;
                }
            }
            if (++rounds > 10000) { printf("STUCK\n"); return 2; }
            print_trace();
        } while (any);
        if (!dialled && station.state == FL_STATION_ON_HOOK) { dialled = true;
            bool incoming = receive != poll;
            if (incoming) fl_soft_call(pipe_); else fl_station_dial(&station, "5550199", now);
            continue; }
        fl_time next = fl_earlier(fl_station_deadline(&station), pipe_->ops->deadline(pipe_));
        if (next == FL_NEVER) { printf("RESTS at %.3f\n", (double)now/1e6); break; }
        if (next > now) now = next;
    }
    now += FL_SEC(1);
    uint8_t octets[64];
    pipe_->ops->read(pipe_, octets, sizeof octets, now);
    struct fl_terminal_outcome outcome;
    fl_soft_outcome(pipe_, &outcome);
    printf("terminal: %d (%s) %d bit/s ecm %d coding %d sent %d received %d width %d rows %d bad %d resent %d remote '%s'\n", outcome.result, fl_terminal_text(outcome.result), outcome.rate_bps, outcome.ecm, outcome.coding, outcome.pages_sent, outcome.pages_received, outcome.width_px, outcome.rows, outcome.bad_rows, outcome.resent, outcome.remote_id);
    printf("line held %.3f s\n", (double)fl_soft_held_us(pipe_) / 1e6);
    struct fl_page_info info;
    int64_t size; int n = 0;
    while ((size = fl_store_take(&store, &info, NULL, 0)) > 0) {
        uint8_t *code = malloc((size_t)size);
        fl_store_take(&store, &info, code, size);
        printf("kept page %d %dx%d rows bad %d %dx%d %lld octets", info.number, info.width_px, info.rows, info.bad_rows, info.x_dpi, info.y_dpi, (long long)size);
        if (tiff && n < document->count) {
            size_t o = (size_t)info.width_px/8;
            uint8_t *a = calloc(1, o*((size_t)info.rows+10)), *b = calloc(1, o*20000); int64_t bad; int32_t ended;
            int64_t ra = fl_t4_decode_page(2, 1, info.width_px, code, size, a, info.rows, &bad, &ended);
            int64_t rb = fl_t4_decode_page(2, 0, info.width_px, document->pages[n].code, (int64_t)document->pages[n].length, b, 20000, &bad, &ended);
            printf(" %s", ra == rb && !memcmp(a, b, o*(size_t)ra) ? "BIT FOR BIT" : "DIFFERENT");
            free(a); free(b);
        }
        printf("\n"); n++;
        free(code);
    }
    pipe_->ops->free(pipe_);
    fl_soft_free(office);
    fl_store_free(&store);
    fl_document_free(document);
    return started ? 0 : 1;
}
