/* SPDX-License-Identifier: MIT */
/* The FastCGI responder: takes requests from nginx one at a time, has a handler answer each, and sends the answers.
 *
 * Many processes share the listening socket on descriptor 0, and each serves one request at a time on one thread, so
 * nothing here needs a lock. nginx keeps its connections open. A process waits on the one it has, but gives it up for a
 * new connection once it is idle (await_kept()): otherwise clients would wait to be accepted while processes idle.
 *
 * Waiting and working are kept apart. Signals to stop are blocked except inside ppoll(), epoll_pwait() and accept4(),
 * so a request that was accepted is always answered. Whatever is added that waits must unblock them in the same way,
 * with while_waiting; whatever works must not.
 *
 * A request is taken apart here but not judged: what is wrong with it goes to the handler as an error, and the handler
 * writes the answer. Nothing is sent before the answer is complete, so a late failure can still replace it. The buffers
 * belong to struct server and are used again, so the size of a process stays the same. */

#include "fcgi/server.h"

#include "booking/base/crash_point.h"
#include "booking/base/log.h"
#include "booking/base/notify.h"
#include "booking/base/random.h"
#include "booking/base/text.h"

#include <fcgiapp.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile sig_atomic_t stopping;
static sigset_t while_waiting;
static int idle = -1; /* epoll: the listener, and a kept connection that is idle */

static void on_stop(int signal_number)
{
    (void)signal_number;
    /* This process takes no more requests: accept() fails, even one that is just about to begin. */
    if (!stopping)
        (void)close(STDIN_FILENO);
    stopping = 1;
}

/* Signals are blocked except where the process waits for something to do, so that they interrupt nothing else: a
 * request that was accepted is read, worked on and answered. */
static void catch_signals(void)
{
    /* No SA_RESTART: accept() must return. */
    struct sigaction action = { .sa_handler = on_stop };
    sigset_t signals;
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &signals, &while_waiting);
    (void)sigdelset(&while_waiting, SIGTERM);
    (void)sigdelset(&while_waiting, SIGINT);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN); /* the log is only appended to, and settings are only read at the start */
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

/* Whether a header that may be sent only once is there twice: it cannot be known which of the two is meant, and nginx
 * before 1.23 passes on both. (Other headers are lists, or nginx itself refuses a second one.) */
static bool has_header_twice(const FCGX_Request *fcgi)
{
    static const char *const names[] = { "HTTP_IDEMPOTENCY_KEY=", "HTTP_ORIGIN=", "HTTP_SEC_FETCH_SITE=" };
    int seen[sizeof names / sizeof names[0]] = { 0 };
    for (char *const *p = fcgi->envp; *p != NULL; p++) {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            if (strncmp(*p, names[i], strlen(names[i])) == 0 && ++seen[i] > 1)
                return true;
        }
    }
    return false;
}

/* Reads exactly as much as was announced: a client that hangs up halfway has not sent a request. */
static enum server_error read_body(const FCGX_Request *fcgi, struct buf *body, size_t *ret_left)
{
    long long length = 0;
    const char *announced = param(fcgi, "CONTENT_LENGTH");
    if (*announced != '\0' && !text_parse_int(announced, 0, 1LL << 50, &length))
        return SERVER_BODY_CUT_SHORT;
    if (length > LONG_BODY_MAX)
        return SERVER_BODY_TOO_LARGE;
    if (length > BODY_MAX) {
        *ret_left = (size_t)length;
        return SERVER_BODY_LONG;
    }
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

static long read_more(const struct request *request, char *to, size_t size)
{
    const FCGX_Request *fcgi = request->server;
    return FCGX_GetStr(to, (int)size, fcgi->in);
}

/* nginx has the whole body by now, and a connection that is closed before it was read would take the answer with it. */
static void drain(const struct request *request)
{
    static char piece[BODY_PIECE_SIZE];
    while (request_read_body(request, piece) > 0)
        continue;
}

/* JSON is also read in terminals, where the next answer or the prompt would otherwise follow on the same line. */
static void end_line(struct response *response)
{
    bool is_json = strcmp(response->content_type, CONTENT_JSON) == 0 ||
                   strcmp(response->content_type, CONTENT_PROBLEM) == 0;
    if (is_json && response->body.len > 0)
        buf_add_char(&response->body, '\n');
}

/* Sends a long answer page by page. If one fails, the connection ends, so that nobody takes the part for the whole. */
static void send_rest(FCGX_Request *fcgi, struct response *response)
{
    bool goes_on = true;
    bool has_failed = false;
    while (goes_on && !has_failed) {
        buf_clear(&response->body);
        goes_on = response->more(response, &has_failed);
        has_failed = has_failed || !buf_ok(&response->body) ||
                     FCGX_PutStr(buf_str(&response->body), (int)response->body.len, fcgi->out) < 0;
    }
    if (has_failed)
        (void)shutdown(fcgi->ipcFd, SHUT_RDWR);
}

static void send_response(FCGX_Request *fcgi, const struct request *request, struct response *response,
                          struct buf *head)
{
    buf_clear(head);
    response_write_head(response, head);
    (void)FCGX_PutStr(buf_str(head), (int)head->len, fcgi->out);
    bool has_body = response->status != 204 && response->status != 304 && strcmp(request->method, "HEAD") != 0;
    if (has_body)
        (void)FCGX_PutStr(buf_str(&response->body), (int)response->body.len, fcgi->out);
    if (has_body && response->more != NULL)
        send_rest(fcgi, response);
}

/* Like poll(), but for one descriptor, and ended by a signal to stop. */
static int wait_for(int fd, short events, int64_t ms)
{
    struct pollfd connection = { .fd = fd, .events = events };
    struct timespec limit = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
    return ppoll(&connection, 1, ms < 0 ? NULL : &limit, &while_waiting);
}

bool server_wait(const struct request *request, int64_t ms)
{
    const FCGX_Request *fcgi = request->server;
    /* A client sends nothing while it waits for its answer, so whatever arrives means that it has left. */
    return wait_for(fcgi->ipcFd, POLLIN | POLLRDHUP, ms) == 0;
}

static int accept_connection(void)
{
    sigset_t held_back;
    int fd;
    do {
        (void)sigprocmask(SIG_SETMASK, &while_waiting, &held_back);
        fd = accept4(STDIN_FILENO, NULL, NULL, SOCK_CLOEXEC);
        int error = errno;
        (void)sigprocmask(SIG_SETMASK, &held_back, NULL);
        errno = error;
    } while (fd < 0 && !stopping && (errno == EINTR || errno == ECONNABORTED));
    return fd;
}

/* How long to wait for a kept connection alone: one that is in use brings its next request within that time. */
#define KEPT_MS 5

/* Waits for something to read on the kept connection. Once that is idle, it also waits for a new connection, and gives
 * the kept one up for it, since a client that waits to be accepted goes first. (nginx does not take the close for a
 * failure, and connects again.) Of all processes that wait like this the kernel wakes one for each new connection. */
static bool await_kept(FCGX_Request *fcgi)
{
    struct epoll_event event = { .events = EPOLLIN, .data.fd = fcgi->ipcFd };
    int ready = wait_for(fcgi->ipcFd, POLLIN, KEPT_MS);
    if (ready != 0)
        return ready > 0;
    if (epoll_ctl(idle, EPOLL_CTL_ADD, fcgi->ipcFd, &event) != 0)
        return false;
    ready = epoll_pwait(idle, &event, 1, -1, &while_waiting);
    (void)epoll_ctl(idle, EPOLL_CTL_DEL, fcgi->ipcFd, NULL);
    if (ready == 1 && event.data.fd == STDIN_FILENO) {
        (void)close(fcgi->ipcFd);
        fcgi->ipcFd = -1;
        return true;
    }
    return ready == 1;
}

/* Waits for a request, on the kept connection or on a new one. FCGX_Accept_r could do so, but does not separate the
 * waiting, which a signal must end, from the reading, which it must not. */
static bool await_request(FCGX_Request *fcgi)
{
    FCGX_Finish_r(fcgi);
    if (fcgi->ipcFd >= 0 && !await_kept(fcgi))
        return false;
    if (fcgi->ipcFd >= 0)
        return true;
    fcgi->ipcFd = accept_connection();
    /* Otherwise FCGX_Accept_r would begin by closing it. The request says whether to keep it after the answer. */
    fcgi->keepConnection = true;
    return fcgi->ipcFd >= 0;
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
    size_t left = 0;
    struct request request = {
        .method = param(fcgi, "REQUEST_METHOD"),
        .content_type = param(fcgi, "CONTENT_TYPE"),
        .remote_address = param(fcgi, "REMOTE_ADDR"),
        .id = param(fcgi, "REQUEST_ID"),
        .header_of = header_of,
        .read_more = read_more,
        .body_left = &left,
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
    enum server_error error = read_body(fcgi, &s->body, &left);
    request.body = buf_str(&s->body);
    request.body_len = s->body.len;
    if (has_header_twice(fcgi))
        error = SERVER_HEADER_TWICE;
    if (request_parse_target(&request, request.path) != REQUEST_OK)
        error = SERVER_BAD_TARGET;

    handler(&request, error, &s->response, context);
    drain(&request);
    end_line(&s->response);
    CRASH_POINT("answer");
    send_response(fcgi, &request, &s->response, &s->head);
    s->decoded = request.decoded;
}

static bool prepare_listener(void)
{
    int yes = 0;
    socklen_t size = sizeof yes;
    if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &yes, &size) != 0 || !yes)
        return false;
    /* Connections inherit this. Without it an answer in several pieces would wait for acknowledgments over TCP. */
    (void)setsockopt(STDIN_FILENO, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE, .data.fd = STDIN_FILENO };
    idle = epoll_create1(EPOLL_CLOEXEC);
    return idle >= 0 && epoll_ctl(idle, EPOLL_CTL_ADD, STDIN_FILENO, &event) == 0;
}

int server_run(const char *program, server_handler handler, void *context)
{
    struct server s = { 0 };
    log_info("start", LOG_TEXT("program", program), LOG_NUMBER("pid", getpid()));
    if (!prepare_listener() || FCGX_Init() != 0 || FCGX_InitRequest(&s.fcgi, -1, 0) != 0) {
        log_error("fastcgi_init_failed", LOG_TEXT("hint", "file descriptor 0 must be a listening socket"));
        return 1;
    }
    catch_signals();
    notify_ready();
    /* FCGX_Accept_r has no socket to accept from (-1 above), so it returns when a connection brings no request. */
    while (!stopping && await_request(&s.fcgi))
        if (FCGX_Accept_r(&s.fcgi) >= 0)
            serve_one(&s, handler, context);
    FCGX_Finish_r(&s.fcgi);
    FCGX_Free(&s.fcgi, 1);
    response_done(&s.response);
    buf_done(&s.body);
    buf_done(&s.head);
    buf_done(&s.decoded);
    if (!stopping)
        log_error("accept_failed", LOG_TEXT("error", strerror(errno)));
    log_info("stop", LOG_TEXT("program", program), LOG_NUMBER("pid", getpid()));
    return stopping ? 0 : 1;
}
