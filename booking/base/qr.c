/* SPDX-License-Identifier: MIT */
#include "booking/base/qr.h"

#include <qrencode.h>

#include <stdlib.h>

bool qr_encode(const char *text, struct qr *ret_code)
{
    QRcode *found = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (found == NULL)
        return false;
    struct qr code = { .side = (size_t)found->width };
    code.dark = malloc(code.side * code.side * sizeof *code.dark);
    for (size_t i = 0; code.dark != NULL && i < code.side * code.side; i++)
        code.dark[i] = (found->data[i] & 1) != 0;
    QRcode_free(found);
    if (code.dark == NULL)
        return false;
    *ret_code = code;
    return true;
}

void qr_done(struct qr *code)
{
    free(code->dark);
    *code = (struct qr){ 0 };
}

/* One rectangle for each run of dark modules. */
static void add_row(const struct qr *code, size_t y, struct buf *out)
{
    const bool *row = code->dark + y * code->side;
    for (size_t x = 0; x < code->side; x++) {
        size_t begin = x;
        while (x < code->side && row[x])
            x++;
        if (x > begin)
            buf_addf(out, "M%zu %zuh%zuv1h-%zuz", begin + QR_QUIET, y + QR_QUIET, x - begin, x - begin);
    }
}

bool qr_svg(const char *text, struct buf *out)
{
    struct qr code;
    if (!qr_encode(text, &code))
        return false;
    size_t side = code.side + 2 * QR_QUIET;
    buf_addf(out,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %zu %zu\" shape-rendering=\"crispEdges\">"
             "<path fill=\"#fff\" d=\"M0 0h%zuv%zuH0z\"/><path d=\"",
             side, side, side, side);
    for (size_t y = 0; y < code.side; y++)
        add_row(&code, y, out);
    buf_add_str(out, "\"/></svg>\n");
    qr_done(&code);
    return buf_ok(out);
}
