#include "fcgi/server.h"

#include "booking/core/text.h"
#include "booking/crash_point.h"
#include "booking/log.h"
#include "booking/random.h"

#include <fcgiapp.h>

#include <poll.h>
#include <signal.h>
#include <string.h>

static volatile sig_atomic_t stopping;

static void on_stop(int signal_number)
{
    (void)signal_number;
    stopping = 1;
    /* Wakes accept() even when the signal comes just before it. */
    FCGX_ShutdownPending();
}

static void catch_signals(void)
{
    /* No SA_RESTART: accept() must return. */
    struct sigaction action = { .sa_handler = on_stop };
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static const char *header_of(const struct request *request, const char *cgi_name)
{
    const FCGX_Request *fcgi = request->server;
    return FCGX_GetParam(cgi_name, fcgi->envp);
}

static const char *param(const FCGX_Request *fcgi, const char *name)
{
    const char *value = FCGX_GetParam(name, fcgi->envp);
    return value == NULL ? "" : value;
}

/* Reads exactly as much as was announced: a client that hangs up half way has
 * not sent a request. */
static enum server_error read_body(const FCGX_Request *fcgi, struct buf *body)
{
    long long length = 0;
    const char *announced = param(fcgi, "CONTENT_LENGTH");
    if (*announced != '\0' && !text_parse_int(announced, 0, 1LL << 50, &length))
        return SERVER_BODY_CUT_SHORT;
    if (length > BODY_MAX)
        return SERVER_BODY_TOO_LARGE;
    while (body->len < (size_t)length) {
        char chunk[4096];
        size_t want = (size_t)length - body->len;
        int got = FCGX_GetStr(chunk, want < sizeof chunk ? (int)want : (int)sizeof chunk, fcgi->in);
        if (got <= 0)
            return SERVER_BODY_CUT_SHORT;
        buf_add(body, chunk, (size_t)got);
    }
    return buf_ok(body) ? SERVER_OK : SERVER_BODY_TOO_LARGE;
}

static void send_response(FCGX_Request *fcgi, const struct request *request, const struct response *response,
                          struct buf *head)
{
    buf_clear(head);
    response_write_head(response, head);
    (void)FCGX_PutStr(buf_str(head), (int)head->len, fcgi->out);
    bool has_body = response->status != 204 && response->status != 304 &&
                    strcmp(request->method, "HEAD") != 0;
    if (has_body)
        (void)FCGX_PutStr(buf_str(&response->body), (int)response->body.len, fcgi->out);
}

bool server_wait(const struct request *request, int64_t ms)
{
    const FCGX_Request *fcgi = request->server;
    /* Between requests a client sends nothing, so what arrives is its leaving. */
    struct pollfd connection = { .fd = fcgi->ipcFd, .events = POLLIN | POLLRDHUP };
    return poll(&connection, 1, (int)ms) == 0;
}

/* What lives as long as the process and is used by each request in turn. */
struct server {
    FCGX_Request fcgi;
    struct response response;
    struct buf body;
    struct buf head;
    struct buf decoded;
};

static void serve_one(struct server *s, server_handler handler, void *context)
{
    FCGX_Request *fcgi = &s->fcgi;
    char own_id[UUID_SIZE];
    struct request request = {
        .method = param(fcgi, "REQUEST_METHOD"),
        .content_type = param(fcgi, "CONTENT_TYPE"),
        .remote_address = param(fcgi, "REMOTE_ADDR"),
        .id = param(fcgi, "REQUEST_ID"),
        .header_of = header_of,
        .server = fcgi,
        .decoded = s->decoded,
    };
    if (!text_is_identifier(request.id, 64)) {
        random_uuid(own_id);
        request.id = own_id;
    }
    buf_clear(&request.decoded);
    buf_clear(&s->body);
    response_clear(&s->response);

    CRASH_SCOPE("request");
    request.path = param(fcgi, "REQUEST_URI");
    enum server_error error = read_body(fcgi, &s->body);
    request.body = buf_str(&s->body);
    request.body_len = s->body.len;
    if (request_parse_target(&request, request.path) != REQUEST_OK)
        error = SERVER_BAD_TARGET;

    handler(&request, error, &s->response, context);
    CRASH_POINT("answer");
    send_response(fcgi, &request, &s->response, &s->head);
    s->decoded = request.decoded;
}

int server_run(server_handler handler, void *context)
{
    struct server s = {0};
    if (FCGX_Init() != 0 || FCGX_InitRequest(&s.fcgi, 0, FCGI_FAIL_ACCEPT_ON_INTR) != 0) {
        log_error("fastcgi_init_failed", LOG_TEXT("hint", "file descriptor 0 must be a listening socket"));
        return 1;
    }
    catch_signals();
    while (!stopping && FCGX_Accept_r(&s.fcgi) >= 0)
        serve_one(&s, handler, context);
    FCGX_Finish_r(&s.fcgi);
    FCGX_Free(&s.fcgi, 1);
    response_done(&s.response);
    buf_done(&s.body);
    buf_done(&s.head);
    buf_done(&s.decoded);
    if (!stopping)
        log_error("accept_failed", LOG_TEXT("hint", "file descriptor 0 must be a listening socket"));
    return stopping ? 0 : 1;
}
