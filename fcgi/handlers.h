/* SPDX-License-Identifier: MIT */
#ifndef FCGI_HANDLERS_H
#define FCGI_HANDLERS_H

#include "fcgi/call.h"

/* One function for each method and path; the table in router.c says which. Each reads the request, calls one use case
 * or store, and answers. */
typedef void handler(struct call *call);

handler flights_get_list;
handler flights_get_prices;
handler places_get_known;
handler flights_get;
handler flights_get_seats;

handler orders_post_for_flight; /* contract A */
handler orders_post;            /* contract B */
handler orders_get_list;
handler orders_get;
handler orders_get_status;
handler orders_get_events;
handler orders_put_seats;
handler orders_put_passengers;
handler orders_post_payment; /* contract A */
handler orders_post_pay;     /* contract B */
handler orders_delete;
handler orders_get_refunds;
handler tickets_get_svg;
handler tickets_get_ics;
handler cancellation_get;
handler cancellation_post;

handler orders_post_cancel; /* the staff's, with a reason; so are the next */
handler orders_post_forget;
handler orders_post_passengers;
handler orders_post_staff_seats;
handler orders_post_extend;
handler orders_post_resend;
handler bookings_post_find;
handler gateway_post_notify;
handler reconciliation_get;
handler reconciliation_post;
handler figures_get;

handler flight_admin_get_list; /* the operator's own flights; so are the next */
handler flight_admin_get;
handler flight_admin_put;
handler flight_admin_delete;
handler flight_admin_post_close;
handler flight_admin_post_open;
handler flight_admin_post_schedule;

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
handler admin_post_job_set_aside;
handler admin_get_queue;
handler admin_get_sweepers;
handler admin_post_kind_pause;
handler admin_post_kind_resume;

handler flights_post_cancel; /* the operator's; so are the next three */
handler flights_post_cabin;
handler flights_post_blocks;
handler flights_post_unblocks;
handler flights_get_map; /* with who has which seat */
handler flights_get_manifest;
handler flights_get_manifest_csv;
handler flights_post_board;

handler staff_get_list;
handler staff_post;
handler staff_post_rotate;
handler staff_post_role;
handler staff_delete;
handler audit_get;

handler cabins_get_list;
handler cabins_get;
handler cabins_put;
handler cabins_delete;
handler cabins_post_check;
handler places_get_list;
handler places_get;
handler places_put;
handler places_delete;

handler flight_import_post;
handler flight_import_get;
handler flight_export_get;

#endif
