-- SPDX-License-Identifier: MIT
-- What the programs' accounts may do: no more than their statements need, and nothing that changes a schema. The
-- history and the audit log are only ever added to. Run it after the migrations, with an account that may grant
-- rights; conf/stack does so for the database it runs itself. For another server, put the names and hosts of its
-- accounts here.

GRANT SELECT, INSERT, UPDATE, DELETE ON flight_booking.flights TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE, DELETE ON flight_booking.seats TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE, DELETE ON flight_booking.places TO booking_app@localhost;
GRANT SELECT, INSERT, DELETE ON flight_booking.cabins TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE, DELETE ON flight_booking.imports TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE, DELETE ON flight_booking.import_rows TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE, DELETE ON flight_booking.import_faults TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE, DELETE ON flight_booking.reconciliations TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE, DELETE ON flight_booking.reconciliation_charges TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE, DELETE ON flight_booking.reconciliation_findings TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE, DELETE ON flight_booking.flight_counts TO booking_app@localhost;
GRANT SELECT, INSERT, DELETE ON flight_booking.boardings TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE ON flight_booking.orders TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE ON flight_booking.payments TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE ON flight_booking.refunds TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE, DELETE ON flight_booking.messages TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE, DELETE ON flight_booking.workflow_jobs TO booking_app@localhost;
GRANT SELECT, INSERT ON flight_booking.workflow_events TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE, DELETE ON flight_booking.idempotency_keys TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE, DELETE ON flight_booking.sweepers TO booking_app@localhost;
GRANT SELECT, UPDATE ON flight_booking.job_kinds TO booking_app@localhost;
-- In MySQL 8, SELECT ... FOR UPDATE requires the right UPDATE.
GRANT SELECT, UPDATE ON flight_booking.hold_slots TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE ON flight_booking.persons TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE ON flight_booking.staff_tokens TO booking_app@localhost;
GRANT SELECT, INSERT ON flight_booking.audit_log TO booking_app@localhost;
GRANT SELECT, INSERT ON flight_booking.locators TO booking_app@localhost;
GRANT SELECT, INSERT, UPDATE, DELETE ON flight_booking.lookup_failures TO booking_app@localhost;
GRANT SELECT, INSERT, DELETE ON flight_booking.order_tokens TO booking_app@localhost;

GRANT SELECT, INSERT, UPDATE ON payment_gateway.charges TO gateway_app@localhost;
GRANT SELECT, INSERT, UPDATE ON payment_gateway.charge_calls TO gateway_app@localhost;
GRANT SELECT, INSERT ON payment_gateway.charge_refunds TO gateway_app@localhost;
GRANT SELECT, INSERT, UPDATE ON payment_gateway.charge_pages TO gateway_app@localhost;
GRANT SELECT, INSERT, UPDATE ON payment_gateway.stripe_charges TO gateway_app@localhost;
GRANT SELECT, INSERT, UPDATE ON payment_gateway.stripe_refunds TO gateway_app@localhost;
