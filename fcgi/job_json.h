/* SPDX-License-Identifier: MIT */
#ifndef FCGI_JOB_JSON_H
#define FCGI_JOB_JSON_H

#include "booking/base/json_writer.h"
#include "booking/store/jobs.h"

/* A job as the operator is shown it, as the next member of an array or the whole answer. */
void job_write_json(struct json_writer *w, const struct job_row *job);

#endif
