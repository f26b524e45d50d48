// Idempotency keys of requests that had no answer. They are kept for a while, so that a repeated request is recognized.

export { clearIdempotencyKeys as forgetRequests } from "../api/idempotency";
