/* The fax terminal, see terminal.h. Memory is taken when a call begins: it is the far machine, not our line path. */
#define _GNU_SOURCE
#include "terminal.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct fl_terminal *of(struct fl_soft_end *end)
{
    return (struct fl_terminal *)end;
}

/* Our names of what is allowed, and spandsp's. */
struct support {
    int32_t ours, spandsp;
};

static const struct support MODEMS[] = {
    {FL_TERMINAL_V17, T30_SUPPORT_V17},
    {FL_TERMINAL_V29, T30_SUPPORT_V29},
    {FL_TERMINAL_V27, T30_SUPPORT_V27TER},
};

static const struct support COMPRESSIONS[] = {
    {FL_TERMINAL_MH, T30_SUPPORT_T4_1D_COMPRESSION},
    {FL_TERMINAL_MR, T30_SUPPORT_T4_2D_COMPRESSION},
    {FL_TERMINAL_MMR, T30_SUPPORT_T6_COMPRESSION},
};

static int supported(const struct support *table, size_t count, int32_t wanted)
{
    int set = 0;
    for (size_t i = 0; i < count; i++)
        if (wanted == 0 || wanted & table[i].ours) set |= table[i].spandsp;
    return set;
}

#define ALL_RESOLUTIONS                                                                                      \
    (T30_SUPPORT_STANDARD_RESOLUTION | T30_SUPPORT_FINE_RESOLUTION | T30_SUPPORT_SUPERFINE_RESOLUTION |      \
     T30_SUPPORT_R8_RESOLUTION | T30_SUPPORT_R16_RESOLUTION | T30_SUPPORT_300_300_RESOLUTION |               \
     T30_SUPPORT_400_400_RESOLUTION)
#define ALL_SIZES                                                                                            \
    (T30_SUPPORT_215MM_WIDTH | T30_SUPPORT_255MM_WIDTH | T30_SUPPORT_303MM_WIDTH |                           \
     T30_SUPPORT_UNLIMITED_LENGTH | T30_SUPPORT_A4_LENGTH | T30_SUPPORT_B4_LENGTH |                          \
     T30_SUPPORT_US_LETTER_LENGTH | T30_SUPPORT_US_LEGAL_LENGTH)

static void keep_statistics(struct fl_terminal *terminal, t30_state_t *t30)
{
    struct fl_terminal_outcome *outcome = &terminal->outcome;
    t30_stats_t stats;
    t30_get_transfer_statistics(t30, &stats);
    outcome->rate_bps = stats.bit_rate;
    outcome->ecm = stats.error_correcting_mode;
    outcome->coding = stats.encoding == T4_COMPRESSION_ITU_T6      ? 2
                      : stats.encoding == T4_COMPRESSION_ITU_T4_2D ? 1
                                                                   : 0;
    outcome->pages_sent = stats.pages_tx;
    outcome->pages_received = stats.pages_rx;
    outcome->width_px = stats.width;
    outcome->rows = stats.length;
    outcome->bad_rows = stats.bad_rows;
    outcome->x_per_metre = stats.x_resolution;
    outcome->y_per_metre = stats.y_resolution;
    outcome->resent = stats.error_correcting_mode_retries;
    const char *remote = t30_get_rx_ident(t30);
    snprintf(outcome->remote_id, sizeof outcome->remote_id, "%s", remote ? remote : "");
}

static int phase_d(t30_state_t *t30, void *user, int result)
{
    (void)result;
    keep_statistics(user, t30);
    return T30_ERR_OK;
}

static void phase_e(t30_state_t *t30, void *user, int result)
{
    struct fl_terminal *terminal = user;
    keep_statistics(terminal, t30);
    terminal->outcome.result = result;
    terminal->outcome.calls++;
}

/* spandsp receives into a file or not at all: what nobody wants to keep goes into memory that is thrown away. */
static void receive_into(struct fl_terminal *terminal, t30_state_t *t30)
{
    char path[64];
    if (terminal->config.save[0]) {
        t30_set_rx_file(t30, terminal->config.save, -1);
        return;
    }
    terminal->scratch = memfd_create("fax", MFD_CLOEXEC);
    if (terminal->scratch < 0) return; /* then its DIS says that it cannot receive */
    snprintf(path, sizeof path, "/proc/self/fd/%d", terminal->scratch);
    t30_set_rx_file(t30, path, -1);
}

static void begin(struct fl_terminal *terminal, bool calling)
{
    const struct fl_terminal_config *config = &terminal->config;
    terminal->fax = fax_init(NULL, calling);
    terminal->over = terminal->fax == NULL;
    if (!terminal->fax) return;
    t30_state_t *t30 = fax_get_t30_state(terminal->fax);
    span_log_set_level(fax_get_logging_state(terminal->fax), SPAN_LOG_NONE);
    span_log_set_level(t30_get_logging_state(t30), SPAN_LOG_NONE);
    t30_set_tx_ident(t30, config->id);
    t30_set_ecm_capability(t30, config->ecm);
    t30_set_supported_modems(t30, supported(MODEMS, FL_COUNT(MODEMS), config->modems));
    t30_set_supported_compressions(t30,
                                   supported(COMPRESSIONS, FL_COUNT(COMPRESSIONS), config->compressions));
    t30_set_supported_resolutions(t30, ALL_RESOLUTIONS);
    t30_set_supported_image_sizes(t30, ALL_SIZES);
    t30_set_receiver_not_ready(t30, config->not_ready);
    if (config->send[0]) t30_set_tx_file(t30, config->send, -1, -1);
    receive_into(terminal, t30);
    t30_set_phase_d_handler(t30, phase_d, terminal);
    t30_set_phase_e_handler(t30, phase_e, terminal);
}

static void finish(struct fl_terminal *terminal)
{
    if (!terminal->fax) return;
    t30_terminate(
        fax_get_t30_state(terminal->fax)); /* says how it went, if it has not yet, and closes the files */
    fax_free(terminal->fax);
    terminal->fax = NULL;
    if (terminal->scratch >= 0) close(terminal->scratch);
    terminal->scratch = -1;
}

/* ---- the line's side ---- */

static void ring(struct fl_soft_end *end)
{
    end->hook = FL_SOFT_OFF_HOOK; /* at the first ring */
}

static void connected(struct fl_soft_end *end, bool calling)
{
    end->hook = FL_SOFT_OFF_HOOK;
    finish(of(end));
    begin(of(end), calling);
}

static void released(struct fl_soft_end *end)
{
    end->hook = FL_SOFT_ON_HOOK;
    finish(of(end));
}

static void send(struct fl_soft_end *end, int16_t *samples, int count)
{
    struct fl_terminal *terminal = of(end);
    int sent = terminal->fax ? fax_tx(terminal->fax, samples, count) : 0;
    if (sent < count) memset(samples + sent, 0, (size_t)(count - sent) * sizeof *samples);
}

static void hear(struct fl_soft_end *end, int16_t *samples, int count)
{
    struct fl_terminal *terminal = of(end);
    if (terminal->fax) fax_rx(terminal->fax, samples, count);
    if (!terminal->fax || !t30_call_active(fax_get_t30_state(terminal->fax))) released(end);
}

static const struct fl_soft_end_ops OPS = {ring, connected, released, send, hear};

void fl_terminal_init(struct fl_terminal *terminal, const struct fl_terminal_config *config)
{
    memset(terminal, 0, sizeof *terminal);
    terminal->end.ops = &OPS;
    terminal->scratch = -1;
    terminal->config = *config;
}

void fl_terminal_close(struct fl_terminal *terminal)
{
    released(&terminal->end);
}

const char *fl_terminal_text(int32_t result)
{
    return t30_completion_code_to_str(result);
}
