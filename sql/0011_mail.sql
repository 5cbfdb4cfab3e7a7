-- SPDX-License-Identifier: MIT
-- Mails to customers. A message goes to one channel, and each channel tells an order's messages in order: an order has
-- one SEND_MESSAGE job while any of its messages to WEBHOOK_URL is PENDING, and one SEND_MAIL job while any of its mails
-- is. A mail that was refused for good leaves a failed SEND_MAIL job with the message's public_id as its subject.
ALTER TABLE messages
    ADD COLUMN channel VARCHAR(10) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'WEBHOOK';

INSERT INTO job_kinds (kind) VALUES ('SEND_MAIL');
