/* The table of far machines. The first one has everything and answers at every number that no other row has. */
#include "sim/far.h"

#include <string.h>

#include "base/boundary.h"

#define METRIC_FINE (1u << FL_R8_385 | 1u << FL_R8_77 | 1u << FL_200_100 | 1u << FL_200_200)
#define STANDARD    (1u << FL_R8_385 | 1u << FL_200_100)
#define ALL_V27     (FL_CAN_V27_2400 | FL_CAN_V27_4800)

/* Bits 21..23: 0 is 20 ms at both resolutions, 7 is no minimum. */
#define EVERYTHING                                                                                           \
    {                                                                                                        \
        .modulations = FL_CAN_V17 | FL_CAN_V29 | ALL_V27,                                                    \
        .can_receive = true,                                                                                 \
        .ecm = true,                                                                                         \
        .mr = true,                                                                                          \
        .mmr = true,                                                                                         \
        FL_EVERY_PAGE,                                                                                       \
        .sub = true,                                                                                         \
        .password = true,                                                                                    \
    }

static const struct fl_far_row TABLE[] = {
    {"everything",
     "5550100",
     "a fax machine with everything: V.17, ECM, MH, MR and MMR, every resolution and width",
     FL_FAR_FAX,
     EVERYTHING,
     FL_HONEST,
     FL_HONEST,
     FL_FAR_NO_MISHAP,
     0,
     {{0}}},
    {"busy", "5550101", "busy", FL_FAR_BUSY, {0}, 0, 0, 0, 0, {{0}}},
    {"nobody", "5550102", "rings, and nobody answers", FL_FAR_NOBODY, {0}, 0, 0, 0, 0, {{0}}},
    {"person", "5550103", "a person answers", FL_FAR_PERSON, {0}, 0, 0, 0, 0, {{0}}},
    {"v29",
     "5550104",
     "a machine without ECM: MH only, V.29, 20 ms a line",
     FL_FAR_FAX,
     {.modulations = FL_CAN_V29 | ALL_V27,
      .can_receive = true,
      .resolutions = METRIC_FINE,
      .width = FL_A4,
      .length = 2,
      .min_scan = 0},
     FL_HONEST,
     FL_HONEST,
     FL_FAR_NO_MISHAP,
     0,
     {{0}}},
    {"v27",
     "5550105",
     "a machine without ECM: MH only, standard resolution, V.27ter at 2400 only",
     FL_FAR_FAX,
     {.modulations = FL_CAN_V27_2400,
      .can_receive = true,
      .resolutions = STANDARD,
      .width = FL_A4,
      .length = 2,
      .min_scan = 0},
     FL_HONEST,
     FL_HONEST,
     FL_FAR_NO_MISHAP,
     0,
     {{0}}},
    {"rejects",
     "5550106",
     "rejects every page with RTN",
     FL_FAR_FAX,
     EVERYTHING,
     FL_HONEST,
     FL_ALWAYS_BAD,
     FL_FAR_NO_MISHAP,
     0,
     {{0}}},
    {"hangs-up",
     "5550107",
     "hangs up in the middle of page 2",
     FL_FAR_FAX,
     EVERYTHING,
     FL_HONEST,
     FL_HONEST,
     FL_FAR_HANGS_UP,
     2,
     {{0}}},
    {"untrainable",
     "5550108",
     "fails every training",
     FL_FAR_FAX,
     EVERYTHING,
     FL_ALWAYS_BAD,
     FL_HONEST,
     FL_FAR_NO_MISHAP,
     0,
     {{0}}},
    {"noisy",
     "5550109",
     "a noisy line: the first training fails, frames are lost, PPR, a response is lost",
     FL_FAR_FAX,
     EVERYTHING,
     FL_HONEST,
     FL_HONEST,
     FL_FAR_NO_MISHAP,
     0,
     {{FL_FAULT_BAD_TRAINING, 1, 1, 1},
      {FL_FAULT_BIT_ERRORS, 3, 2, 2000},
      {FL_FAULT_KINDS + FL_FAULT_BAD_FCS, 5, 1, 0}}},
    {"not-ready",
     "5550110",
     "answers RNR for ever",
     FL_FAR_FAX,
     EVERYTHING,
     FL_HONEST,
     FL_NEVER_READY,
     FL_FAR_NO_MISHAP,
     0,
     {{0}}},
    {"t38-only",
     "5550111",
     "a T.38-only endpoint that refuses the audio fax",
     FL_FAR_FAX,
     {.t38_only = true, .can_receive = true},
     FL_HONEST,
     FL_HONEST,
     FL_FAR_NO_MISHAP,
     0,
     {{0}}},
    {"no-dialtone", "5550112", "there is no dial tone", FL_FAR_NO_DIALTONE, {0}, 0, 0, 0, 0, {{0}}},
    {"unplug",
     "5550113",
     "our own modem disappears in the middle of page 1",
     FL_FAR_FAX,
     EVERYTHING,
     FL_HONEST,
     FL_HONEST,
     FL_FAR_WE_VANISH,
     1,
     {{0}}},
};

const struct fl_far_row *fl_far_row(int32_t index)
{
    return index >= 0 && (size_t)index < FL_COUNT(TABLE) ? &TABLE[index] : NULL;
}

const struct fl_far_row *fl_far_row_of(const char *number)
{
    for (size_t i = 0; i < FL_COUNT(TABLE); i++)
        if (strcmp(TABLE[i].number, number) == 0) return &TABLE[i];
    return &TABLE[0];
}

const char *fl_far_name(int32_t far)
{
    const struct fl_far_row *row = fl_far_row(far);
    return row ? row->name : NULL;
}

const char *fl_far_number(int32_t far)
{
    const struct fl_far_row *row = fl_far_row(far);
    return row ? row->number : NULL;
}

const char *fl_far_text(int32_t far)
{
    const struct fl_far_row *row = fl_far_row(far);
    return row ? row->text : NULL;
}
