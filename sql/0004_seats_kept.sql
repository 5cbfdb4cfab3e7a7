-- SPDX-License-Identifier: MIT
-- A seat that is held or sold can neither be removed nor be given another number: its order would name a seat that does
-- not exist, and could be neither confirmed nor ended. The programs do neither; this guards against SQL by hand. End
-- the order, or reset the flight, first. (This is a file of its own because a server may require
-- log_bin_trust_function_creators for triggers.)
DROP TRIGGER IF EXISTS seats_are_not_removed;
DROP TRIGGER IF EXISTS seats_are_not_renumbered;

CREATE TRIGGER seats_are_not_removed BEFORE DELETE ON seats FOR EACH ROW
    IF OLD.status <> 'AVAILABLE' THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'This seat is held or sold; end its order before it is removed';
    END IF;

CREATE TRIGGER seats_are_not_renumbered BEFORE UPDATE ON seats FOR EACH ROW
    IF OLD.status <> 'AVAILABLE' AND (NEW.seat_number <> OLD.seat_number OR NEW.flight_id <> OLD.flight_id) THEN
        SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'This seat is held or sold; end its order before it is renumbered';
    END IF;
