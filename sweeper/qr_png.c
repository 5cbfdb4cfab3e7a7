/* SPDX-License-Identifier: MIT */
#include "sweeper/qr_png.h"

#include "booking/base/qr.h"

#include <png.h>

#include <stdlib.h>
#include <string.h>

/* 174 pixels for a locator, as conf/mail/message.html shows it. */
#define MODULE_PIXELS 6
#define BLACK 0
#define WHITE 0xFF

static void draw(const struct qr *code, unsigned char *pixels, size_t side)
{
    memset(pixels, WHITE, side * side);
    for (size_t y = 0; y < code->side * MODULE_PIXELS; y++) {
        unsigned char *row = pixels + (y + QR_QUIET * MODULE_PIXELS) * side + QR_QUIET * MODULE_PIXELS;
        const bool *modules = code->dark + y / MODULE_PIXELS * code->side;
        for (size_t x = 0; x < code->side * MODULE_PIXELS; x++)
            row[x] = modules[x / MODULE_PIXELS] ? BLACK : WHITE;
    }
}

static bool compress(const unsigned char *pixels, size_t side, struct buf *out)
{
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = (png_uint_32)side, .height = (png_uint_32)side, .format = PNG_FORMAT_GRAY
    };
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    void *memory = malloc(size);
    bool ok = memory != NULL && png_image_write_to_memory(&image, memory, &size, 0, pixels, 0, NULL) != 0;
    if (ok)
        buf_add(out, memory, size);
    free(memory);
    return ok && buf_ok(out);
}

bool qr_png(const char *text, struct buf *out)
{
    struct qr code;
    if (!qr_encode(text, &code))
        return false;
    size_t side = (code.side + 2 * QR_QUIET) * MODULE_PIXELS;
    unsigned char *pixels = malloc(side * side);
    bool ok = pixels != NULL;
    if (ok) {
        draw(&code, pixels, side);
        ok = compress(pixels, side, out);
    }
    free(pixels);
    qr_done(&code);
    return ok;
}
