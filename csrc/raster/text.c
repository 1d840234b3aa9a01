/* A page of text: a table of cells, each with the picture of its letter. */
#include "raster/raster.h"

/* Ink of a row of a glyph, from x on, where the page is. */
static void put_row(uint8_t *row, int32_t width_px, const uint8_t *bits, int32_t glyph_px, int32_t x)
{
    int32_t octets = (width_px + 7) / 8, first = x >> 3, shift = x & 7;
    for (int32_t at = 0; at < (glyph_px + 7) / 8; at++, first++) {
        unsigned ink = (unsigned)bits[at] << 8 >> shift;
        if (first >= 0 && first < octets) row[first] |= (uint8_t)(ink >> 8);
        if (first + 1 >= 0 && first + 1 < octets) row[first + 1] |= (uint8_t)ink;
    }
    if (width_px % 8) row[octets - 1] &= (uint8_t)(0xFF00 >> width_px % 8);
}

static void put_glyph(const struct fl_text *text, const struct fl_glyph *glyph, int32_t x, int32_t y,
                      uint8_t *rows)
{
    size_t octets = ((size_t)text->width_px + 7) / 8, glyph_octets = ((size_t)glyph->width_px + 7) / 8;
    const uint8_t *bits = text->bits + glyph->at;
    for (int32_t at = 0; at < glyph->row_count; at++, bits += glyph_octets)
        if (y + at >= 0 && y + at < text->row_count)
            put_row(rows + (size_t)(y + at) * octets, text->width_px, bits, glyph->width_px, x);
}

static bool is_near(int32_t value)
{
    return value >= -FL_RASTER_LENGTH_MAX && value <= FL_RASTER_LENGTH_MAX;
}

/* Its picture lies within the bits, and so near that sums of places are no matter. */
static bool is_glyph(const struct fl_text *text, const struct fl_glyph *glyph)
{
    if (glyph->width_px < 0 || glyph->row_count < 0 || !is_near(glyph->width_px) ||
        !is_near(glyph->row_count) || !is_near(glyph->left_px) || !is_near(glyph->top_px) || glyph->at < 0 ||
        glyph->at > text->length)
        return false;
    return (int64_t)((glyph->width_px + 7) / 8) * glyph->row_count <= text->length - glyph->at;
}

int32_t fl_raster_text(const struct fl_text *text, uint8_t *rows, int64_t room)
{
    if (text->width_px < 1 || text->width_px > FL_RASTER_PAPER_MAX || text->row_count < 1 ||
        text->row_count > FL_RASTER_LENGTH_MAX ||
        room < (int64_t)((text->width_px + 7) / 8) * text->row_count)
        return FL_E_VALUE;
    for (int32_t i = 0; i < text->glyph_count; i++)
        if (!is_glyph(text, &text->glyphs[i])) return FL_E_VALUE;
    const uint16_t *cell = text->cells;
    for (int32_t line = 0; line < text->line_count; line++)
        for (int32_t column = 0; column < text->column_count; column++, cell++) {
            if (*cell == 0) continue;
            if (*cell > text->glyph_count || !is_near(text->x[column]) || !is_near(text->y[line]))
                return FL_E_VALUE;
            const struct fl_glyph *glyph = &text->glyphs[*cell - 1];
            put_glyph(text, glyph, text->x[column] + glyph->left_px, text->y[line] + glyph->top_px, rows);
        }
    return 0;
}
