/* Each kind of simulated modem (sim/modem_rows.c) sends and receives a fax with its family's profile, with error
 * correction and without, every pixel right; and with the generic profile its faults are felt: without that the first
 * half would prove nothing.
 */
#include "check.h"
#include "rig.h"

#include <stdlib.h>
#include <string.h>

static struct rig rig;

/* The document: lines of text, and a page of noise in which every octet occurs. */
static struct fl_document_page pages[2];
static struct fl_document document = {.pages = pages, .count = 2};

struct outcome {
    bool normal;  /* both ends say so */
    int exact;    /* pages whose every pixel is right */
    int kept;     /* pages in the called end's tray */
    fl_time time; /* of the call */
};

static const struct fl_class1_profile *profile_of(const struct fl_simmodem_row *row)
{
    char identity[200];
    snprintf(identity, sizeof identity, "%s %s %s", row->maker, row->model, row->revision);
    return fl_class1_profile_match(identity);
}

/* ---- pixels ---- */

static uint64_t pixels(const uint8_t *code, size_t length, struct fl_t4_format format)
{
    static struct fl_t4_decoder decoder;
    const uint8_t *row;
    uint64_t hash = 0xCBF29CE484222325u;
    fl_t4_decoder_init(&decoder, &format);
    fl_t4_decoder_feed(&decoder, code, length);
    fl_t4_decoder_end(&decoder);
    while (fl_t4_decoder_row(&decoder, &row) == FL_T4_ROW)
        for (uint32_t i = 0; i < format.width_px / 8u; i++) hash = (hash ^ row[i]) * 0x100000001B3u;
    return (hash ^ decoder.rows) * 0x100000001B3u;
}

static bool is_exact(const struct rig_kept *kept, const struct fl_document_page *page)
{
    uint16_t width_px = FL_RESOLUTIONS[page->shape.resolution].width_px[page->shape.width];
    struct fl_t4_format sent = {.coding = FL_CODING_MMR, .width_px = width_px};
    struct fl_t4_format got = {.coding = kept->session.coding, .width_px = width_px};
    if (kept->session.resolution != page->shape.resolution || kept->bad_rows) return false;
    return pixels(rig_octets(kept), kept->length, got) == pixels(page->code, page->length, sent);
}

/* ---- a call ---- */

static struct outcome call(const struct fl_simmodem_row *row, const struct fl_class1_profile *profile,
                           int end, bool ecm, const struct fl_fault *fault)
{
    static struct rig_plan plan;
    memset(&plan, 0, sizeof plan);
    for (int i = 0; i < 2; i++) {
        rig_plan_end(&plan, i);
        plan.config[i].abilities.ecm = plan.config[i].abilities.mmr = ecm;
    }
    plan.row[end] = *row;
    plan.profile[end] = profile;
    plan.document = &document;
    plan.delay = FL_MS(20);
    plan.seed = 1;
    plan.limit = FL_SEC(600);
    if (fault) plan.faults[plan.fault_count++] = *fault;
    rig_run(&rig, &plan, NULL);
    struct outcome outcome = {.kept = rig.kept_count, .time = rig.over - rig.joined};
    outcome.normal = !rig.stuck && !rig.late;
    for (int i = 0; i < 2; i++)
        outcome.normal &= rig.end[i].started == 1 && rig.end[i].ended == 1 && rig.end[i].raw == FL_RAW_NONE;
    for (int i = 0; i < rig.kept_count && i < document.count; i++)
        outcome.exact += is_exact(&rig.kept[i], &document.pages[i]);
    return outcome;
}

static bool is_perfect(struct outcome outcome)
{
    return outcome.normal && outcome.exact == document.count && outcome.kept == document.count;
}

/* ---- with its own profile ---- */

static void test_profiles(void)
{
    static const char *const PLAIN[] = {"generic", "hardware", "odd"};
    int profiles = 0;
    for (size_t i = 0; fl_simmodem_row_at(i); i++) {
        const struct fl_simmodem_row *row = fl_simmodem_row_at(i);
        bool plain = false;
        for (size_t k = 0; k < FL_COUNT(PLAIN); k++) plain |= strcmp(row->name, PLAIN[k]) == 0;
        CHECK(strcmp(profile_of(row)->name, plain ? "generic" : row->name) == 0);
    }
    for (size_t i = 0; fl_class1_profile_at(i); i++, profiles++)
        CHECK(fl_simmodem_row(fl_class1_profile_at(i)->name) != NULL);
    CHECK(profiles >= 11);
}

static void test_faxes(void)
{
    for (size_t i = 0; fl_simmodem_row_at(i); i++) {
        const struct fl_simmodem_row *row = fl_simmodem_row_at(i);
        for (int end = 0; end < 2; end++)
            for (int ecm = 0; ecm < 2; ecm++) {
                struct outcome outcome = call(row, profile_of(row), end, ecm, NULL);
                CHECK(is_perfect(outcome));
                if (is_perfect(outcome)) continue;
                fprintf(stderr, "%s %s %s: %d of 2 pages exact, %.3f s, %s, %s\n", row->name,
                        end ? "receives" : "sends", ecm ? "with ECM" : "without ECM", outcome.exact,
                        (double)outcome.time / 1e6, fl_raw_code(rig.end[0].raw), fl_raw_code(rig.end[1].raw));
            }
    }
}

/* ---- with the generic profile ---- */

#define TOO_LONG FL_SEC(2)

static fl_time usual[2]; /* how long the call of a good modem takes, without and with ECM */

/* One fault alone in a good modem, which a driver that does not know of it feels: the fax fails, is wrong, or drags on. */
static void feel(const char *what, const struct fl_simmodem_row *row, int end, int ecm,
                 const struct fl_fault *fault)
{
    struct outcome outcome = call(row, fl_class1_profile(NULL), end, ecm, fault);
    bool felt = !is_perfect(outcome) || outcome.time > usual[ecm] + TOO_LONG;
    if (!felt) fprintf(stderr, "%s is not felt when our end %s\n", what, end ? "receives" : "sends");
    CHECK(felt);
}

#define FEEL(fault, end)                                                                                     \
    do {                                                                                                     \
        struct fl_simmodem_row row = *fl_simmodem_row("hardware");                                           \
        row.fault;                                                                                           \
        for (int ecm = 0; ecm < 2; ecm++) feel(#fault, &row, end, ecm, NULL);                                \
    } while (0)

static void test_faults_alone(void)
{
    for (int ecm = 0; ecm < 2; ecm++) {
        struct outcome outcome = call(fl_simmodem_row("hardware"), fl_class1_profile(NULL), 0, ecm, NULL);
        CHECK(is_perfect(outcome));
        usual[ecm] = outcome.time;
    }
    FEEL(early_connect_ms = 350, 0);
    FEEL(early_ok_ms = 1200, 0);
    FEEL(flow_off = "&H1", 0);
    FEEL(frs_resets = true, 0);
    FEEL(frs_resets = true, 1);
    FEEL(has_fts = false, 0);
    FEEL(has_frs = false, 1);
    FEEL(fcerrors = 1, 1);
    FEEL(without_fcs = true, 0);
    FEEL(without_fcs = true, 1);
}

/* And each family's together. */
static void test_families(void)
{
    static const struct {
        const char *name;
        bool sends, receives; /* felt there */
    } FELT[] = {
        {"usr", true, true},     {"rockwell", true, true},   {"conexant", false, true},
        {"lucent", true, false}, {"multitech", true, false}, {"silabs", true, false},
        {"intel", true, true},   {"zyxel", true, false},     {"t38modem", true, true},

    };
    for (size_t i = 0; i < FL_COUNT(FELT); i++)
        for (int ecm = 0; ecm < 2; ecm++) {
            if (FELT[i].sends) feel(FELT[i].name, fl_simmodem_row(FELT[i].name), 0, ecm, NULL);
            if (FELT[i].receives) feel(FELT[i].name, fl_simmodem_row(FELT[i].name), 1, ecm, NULL);
        }
}

int main(void)
{
    pages[0] = rig_pool()[3];
    pages[1] = rig_pool()[18];
    test_profiles();
    test_faxes();
    test_faults_alone();
    test_families();
    return check_result("personalities");
}
