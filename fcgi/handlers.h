/* SPDX-License-Identifier: MIT */
#ifndef FCGI_HANDLERS_H
#define FCGI_HANDLERS_H

#include "fcgi/call.h"

/* One function for each method and path; the table in router.c says which. Each reads the request, calls one use case
 * or store, and answers. */
typedef void handler(struct call *call);

handler flights_get_list;
handler flights_get;
handler flights_get_seats;

handler orders_post_for_flight; /* contract A */
handler orders_post;            /* contract B */
handler orders_get_list;
handler orders_get;
handler orders_get_status;
handler orders_get_events;
handler orders_put_seats;
handler orders_post_payment; /* contract A */
handler orders_post_pay;     /* contract B */
handler orders_delete;
handler orders_get_refunds;

handler orders_post_cancel; /* the operator's, with a reason; so is the next */
handler orders_post_forget;
handler bookings_post_find;

handler me_get;

handler health_get;
handler health_get_live;
handler metrics_get;

handler admin_post_reset;
handler admin_get_orders;
handler admin_post_refund;
handler admin_get_jobs;
handler admin_post_job_retry;
handler admin_post_job_release;
handler admin_get_queue;
handler admin_get_sweepers;
handler admin_post_kind_pause;
handler admin_post_kind_resume;

handler staff_get_list;
handler staff_post;
handler staff_post_rotate;
handler staff_post_role;
handler staff_delete;
handler audit_get;

#endif
