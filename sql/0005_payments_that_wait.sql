-- SPDX-License-Identifier: MIT
-- payments.attempts counts the attempts announced; only these count against the customer. workflow_jobs.attempts counts
-- claims, and failures counts how often in a row a job could be neither begun nor settled.

ALTER TABLE workflow_jobs ADD COLUMN failures INT NOT NULL DEFAULT 0;

-- announced_claim: the claim that announced the last attempt. pending_since: since when the gateway has been deciding; NULL
-- while it has not said so.
ALTER TABLE payments
    ADD COLUMN announced_claim INT NOT NULL DEFAULT 0,
    ADD COLUMN pending_since DATETIME(3) NULL;
