-- SPDX-License-Identifier: MIT
-- Staff find orders by the family name or the e-mail address of a person.
ALTER TABLE persons
    ADD KEY idx_family (family_key),
    ADD KEY idx_email (email_key);
