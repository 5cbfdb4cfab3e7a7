-- SPDX-License-Identifier: MIT
-- What SQL by hand, and the programs of the version before, must not undo. (As with 0004_seats_kept.sql, a server may
-- require log_bin_trust_function_creators for triggers.)
DROP TRIGGER IF EXISTS blocked_seats_are_not_taken;
DROP TRIGGER IF EXISTS flights_know_their_version;

CREATE TRIGGER blocked_seats_are_not_taken BEFORE UPDATE ON seats FOR EACH ROW
    IF NEW.blocked IS NOT NULL AND NEW.status <> 'AVAILABLE' THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'This seat is not for sale; unblock it first, or end its order';
    END IF;

-- The programs count a flight's version themselves. A change by SQL is counted here, and what was said of a departure
-- that is another one now is forgotten.
CREATE TRIGGER flights_know_their_version BEFORE UPDATE ON flights FOR EACH ROW
    IF NEW.version = OLD.version AND (NEW.departure_time <> OLD.departure_time OR NEW.price_cents <> OLD.price_cents
                                      OR NEW.currency <> OLD.currency OR NEW.status <> OLD.status) THEN
        SET NEW.version = OLD.version + 1;
        IF NEW.departure_time <> OLD.departure_time THEN
            SET NEW.departure_said = '', NEW.departure_day = NULL;
        END IF;
    END IF;
