#!/bin/sh
# SPDX-License-Identifier: MIT
# MySQL's container runs this once, when its data directory is new. It creates the databases and the accounts, with
# their rights. The owners migrate; the programs' accounts may change no schema.
set -eu
mysql --protocol=socket -uroot -p"$MYSQL_ROOT_PASSWORD" <<SQL
CREATE DATABASE IF NOT EXISTS flight_booking CHARACTER SET utf8mb4;
CREATE DATABASE IF NOT EXISTS payment_gateway CHARACTER SET utf8mb4;
CREATE USER booking_owner@'%' IDENTIFIED BY '$OWNER_PASSWORD';
CREATE USER booking_app@'%' IDENTIFIED BY '$APP_PASSWORD';
CREATE USER gateway_owner@'%' IDENTIFIED BY '$OWNER_PASSWORD';
CREATE USER gateway_app@'%' IDENTIFIED BY '$APP_PASSWORD';
GRANT ALL ON flight_booking.* TO booking_owner@'%';
GRANT ALL ON payment_gateway.* TO gateway_owner@'%';
GRANT SELECT, INSERT, UPDATE, DELETE ON flight_booking.* TO booking_app@'%';
GRANT SELECT, INSERT, UPDATE ON payment_gateway.* TO gateway_app@'%';
SQL
