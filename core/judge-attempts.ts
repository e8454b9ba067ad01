/**
 * How often a call may find its judge's server rate limited or out of reach: with the back-off a quarter to three quarters of an hour.
 * Such attempts do not count towards the judge's `maxAttempts`, as they say nothing about the call, so that the call's
 * activity may need as many attempts as both together.
 */
export const RATE_LIMIT_ATTEMPTS = 50;
