/* SPDX-License-Identifier: MIT */
#include "booking/orders/steps.h"

#include <string.h>

/* Where customers have to sign in, they change their own orders only. */
static bool is_own(const struct caller *caller, const struct order *order)
{
    return !config_wants_sign_in(caller->config) || step_check_proof(caller, order) == RESULT_OK;
}

struct order_actions booking_actions(const struct caller *caller, const struct order *order)
{
    const struct config *config = caller->config;
    const enum role role = caller->staff.role;
    /* Those of the staff who only read do what customers do if they have signed in, as customers. */
    const bool is_reader = role != ROLE_NONE && role < ROLE_AGENT;
    const struct order_terms terms = {
        .change_until_ms = config->seat_change_until_ms,
        .name_until_ms = config->name_change_until_ms,
        .takes_passengers = config_takes_passengers(config),
        .asks_consent = config_asks_consent(config),
        .sends_mail = config_sends_mail(config),
        .sends_webhooks = config->webhook_url[0] != '\0',
        .may_change = !is_reader || (caller->account != NULL && is_own(caller, order)),
        .is_proved = step_check_proof(caller, order) == RESULT_OK,
        .role = role,
    };
    _Static_assert(CONFIG_OFF == ORDER_NEVER, "a setting that is off is never");
    return order_actions_of(order, &terms);
}
