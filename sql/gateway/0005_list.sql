-- SPDX-License-Identifier: MIT
-- Charges are listed by when they were captured.
ALTER TABLE charges ADD KEY idx_captured (captured_at, idempotency_key);
