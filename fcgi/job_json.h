/* SPDX-License-Identifier: MIT */
#ifndef FCGI_JOB_JSON_H
#define FCGI_JOB_JSON_H

#include "booking/base/json_writer.h"
#include "booking/store/jobs.h"

/* Writes a job as the operator sees it: the next member of an array, or the whole answer. */
void job_write_json(struct json_writer *w, const struct job_row *job);

#endif
