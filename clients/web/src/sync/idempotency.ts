// Requests that make something and had no answer: they are known for a while, so that one that is sent again is the same.

export { clearIdempotencyKeys as forgetRequests } from "../api/idempotency";
