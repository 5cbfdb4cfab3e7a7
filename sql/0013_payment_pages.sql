-- SPDX-License-Identifier: MIT
-- redirect_url: where the customer decides about a payment that the gateway calls PENDING; NULL: the customer has nothing
-- to do there. The programs of the version before neither read nor write it.
ALTER TABLE payments ADD COLUMN redirect_url VARCHAR(2000) CHARACTER SET ascii COLLATE ascii_bin NULL;
