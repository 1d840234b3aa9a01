/* Grey pictures to fax pages: rows in, packed bits out. A picture is brought to its size on the page by averaging, and what
 * is darker than its level there becomes black. Everything that decides about black and white is such levels: one for
 * the page, more for what is light on white paper, the paper's own where the light is uneven, or a screen of dots.
 * A page of text is put together from its letters' pictures (text.c). It is not: files, colours, where a picture comes to lie (Python has all that), or the coding of a page.
 */
#ifndef FL_RASTER_H
#define FL_RASTER_H

#include "base/base.h"
#include "base/boundary.h"

#define FL_RASTER_SIDE_MAX   65535 /* of a picture, in pixels */
#define FL_RASTER_PAPER_MAX  4864  /* A3 at 400 dpi */
#define FL_RASTER_LENGTH_MAX 65536
#define FL_RASTER_SCREEN_MAX 32

#define FL_RASTER_HALF                                                                                       \
    129 /* half-way grey is black: a line one row high stays when rows are merged in pairs */

/* Grey pixels: 0 black, 255 white. Rows of our own have room for whole blocks of lanes (rows.h); the caller's do not. */
struct fl_plane {
    const uint8_t *pixels;
    int32_t width, height;
    size_t stride;
};

static inline const uint8_t *fl_plane_row(const struct fl_plane *plane, int32_t y)
{
    return plane->pixels + (size_t)y * plane->stride;
}

/* ---- reduce.c: a picture in its size on the page ---- */

struct fl_reduction {
    int32_t width_in, height_in, width_out, height_out;
    int32_t rows_in, rows_out; /* so far */
    int32_t summed;            /* rows in sums */
    uint16_t *sums;
    uint32_t
        *first;     /* for each pixel that comes out, and behind the last: the first one that it is made of */
    uint8_t invert; /* 255: black for white */
};

/* The sizes must be at least 1; false without memory. */
bool fl_reduction_init(struct fl_reduction *reduction, int32_t width_in, int32_t height_in, int32_t width_out,
                       int32_t height_out, bool invert);
void fl_reduction_free(struct fl_reduction *reduction);
/* The next row of the picture; rows that this completes go into the pixels of the page. */
void fl_reduction_row(struct fl_reduction *reduction, const uint8_t *row, uint8_t *pixels, size_t stride);

/* ---- levels.c: one level for the page ---- */

/* Of all rows, or of every second, third ... of a page that has very many. */
void fl_histogram(const struct fl_plane *plane, uint32_t counts[256]);
/* At least half of it is white paper. */
bool fl_is_clean(const struct fl_plane *plane);
/* The level that parts ink and paper best. */
uint8_t fl_page_level(const uint32_t counts[256]);
/* The grey that a share of the pixels, in percent, is darker than. */
int fl_quantile(const uint32_t counts[256], int percent);
/* The thresholds of a screen, for a picture whose greys were stretched from black to white, as levels for one whose
 * greys are as they were. */
void fl_stretch_screen(const uint32_t counts[256], uint8_t *screen, size_t count);

/* ---- white.c: white paper, and the light letters on it ---- */

#define FL_RASTER_CLEAN 160 /* keeps hairlines and grey text, drops light shading */

struct fl_white {
    int32_t width, height; /* half the page's */
    size_t stride;
    uint8_t *levels; /* where there is something light; NULL: there is nothing */
    uint8_t *light;  /* for each row: whether there is */
};

/* x_dpi: of the page. False without memory. */
bool fl_white_init(struct fl_white *white, const struct fl_plane *plane, int32_t x_dpi);
void fl_white_free(struct fl_white *white);
/* Puts the levels of a row of the page, where they are not FL_RASTER_CLEAN. */
void fl_white_row(const struct fl_white *white, int32_t y, uint8_t *levels);

/* ---- uneven.c: paper in uneven light ---- */

struct fl_uneven {
    int32_t width, height; /* in cells */
    int32_t page_width, page_height;
    uint8_t *paper; /* what ink is darker than, for each cell; NULL: the light is even */
};

bool fl_uneven_init(struct fl_uneven *uneven, const struct fl_plane *plane, int32_t x_dpi);
/* Whether what has such a light is paper, with something on it, and not a scene. */
bool fl_uneven_is_paper(const struct fl_uneven *uneven, const struct fl_plane *plane);
void fl_uneven_free(struct fl_uneven *uneven);
void fl_uneven_row(const struct fl_uneven *uneven, int32_t y, uint8_t *levels);

/* ---- tone.c: continuous tone ---- */

struct fl_tone {
    int32_t width, height; /* in cells */
    int32_t cell_width, cell_height, page_width, page_height;
    bool found;
    uint8_t paper;        /* what is lighter is */
    uint8_t *cells;       /* 1: dots; NULL: there is nothing of the kind */
    uint32_t counts[256]; /* the greys there */
};

/* lightest: the paper where it is. The cells have the shape of a screen's. False without memory. */
bool fl_tone_init(struct fl_tone *tone, const struct fl_plane *plane, uint8_t lightest, int32_t x_dpi,
                  int32_t screen_height, int32_t screen_width);
/* The greys of the rest of the page. */
void fl_tone_rest(const struct fl_tone *tone, const struct fl_plane *plane, uint32_t counts[256]);
void fl_tone_free(struct fl_tone *tone);
/* Puts the levels of a row where there are dots: from a row of the screen. */
void fl_tone_row(const struct fl_tone *tone, int32_t y, const uint8_t *screen, int32_t screen_width,
                 uint8_t *levels);

#endif
