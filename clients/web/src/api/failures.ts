import { Code, ConnectError } from "@connectrpc/connect";

import { Failure, type FailureCode } from "../domain/failure";
import { BadRequestSchema, ErrorInfoSchema, RetryInfoSchema } from "../gen/google/rpc/error_details_pb";
import { millis } from "./convert";

const FINAL = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.AlreadyExists,
  Code.PermissionDenied,
  Code.FailedPrecondition,
  Code.OutOfRange,
  Code.Unimplemented,
]);

export function failureFrom(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const connectError = ConnectError.from(error);
  // What an interceptor threw.
  if (connectError.cause instanceof Failure) return connectError.cause;
  const [info] = connectError.findDetails(ErrorInfoSchema);
  const [bad] = connectError.findDetails(BadRequestSchema);
  const [retry] = connectError.findDetails(RetryInfoSchema);
  return new Failure(
    codeOf(connectError),
    info?.reason ?? "",
    connectError.rawMessage,
    bad?.fieldViolations.map(({ field, description }) => ({ field, description })) ?? [],
    retry?.retryDelay && millis(retry.retryDelay),
  );
}

export function raise(error: unknown): never {
  throw failureFrom(error);
}

function codeOf(error: ConnectError): FailureCode {
  if (FINAL.has(error.code)) return "final";
  switch (error.code) {
    case Code.Unauthenticated:
      return "unauthenticated";
    case Code.Canceled:
      return "canceled";
    case Code.DeadlineExceeded:
      return "deadline";
    case Code.ResourceExhausted:
      return "exhausted";
    case Code.Unavailable:
    // A browser's fetch that failed: no network, or a proxy's page in the way.
    case Code.Unknown:
      return "unavailable";
    default:
      return "internal";
  }
}
