/** Every code that Berth answers with, and its HTTP status. OCI, Harbor and Notary share one error body. */
const statuses = {
  // OCI distribution spec, code-1 to code-14
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 400,
  TOOMANYREQUESTS: 429,
  // the registry API as Docker reads it
  TAG_INVALID: 400,
  RANGE_INVALID: 416,
  MANIFEST_TOO_LARGE: 413,
  PAGINATION_NUMBER_INVALID: 400,
  // Harbor
  BAD_REQUEST: 400,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  PRECONDITION: 412,
  REQUEST_ENTITY_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  MISDIRECTED_REQUEST: 421,
  UNPROCESSABLE_ENTITY: 422,
  // Notary
  METADATA_NOT_FOUND: 404,
  INVALID_ROLE: 400,
  NO_FILENAME: 400,
  MALFORMED_JSON: 400,
  MALFORMED_UPLOAD: 400,
  INVALID_UPDATE: 400,
  VERSION: 400,
  INVALID_GUN: 400,
  INVALID_PARAMETERS: 400,
  UPDATING: 500,
  UNKNOWN: 500,
  SERVICE_UNAVAILABLE: 503,
  INSUFFICIENT_STORAGE: 507,
} as const;

export type FaultCode = keyof typeof statuses;

/** What crosses a border in place of an answer; the `errors` entries of OCI, Harbor and Notary. */
export interface FaultBody {
  code: FaultCode;
  message: string;
  detail?: unknown;
}

/** The one error that rules throw on purpose. Its message is a sentence that a user can act on. */
export class Fault extends Error {
  readonly code: FaultCode;
  readonly detail: unknown;

  constructor(code: FaultCode, message: string, detail?: unknown) {
    super(message);
    this.name = "Fault";
    this.code = code;
    this.detail = detail;
  }

  get status(): number {
    return statuses[this.code];
  }

  /** The entry of an `errors` array. */
  toJSON(): FaultBody {
    return {
      code: this.code,
      message: this.message,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
    };
  }
}

/** The fault as which `error` may leave the process: itself, or `UNKNOWN` that tells nothing. */
export function toFault(error: unknown): Fault {
  return error instanceof Fault ? error : new Fault("UNKNOWN", "internal error");
}

/** The fault that a peer's error body names, for the caller's side of a border. */
export function faultOf(body: Partial<FaultBody> | undefined): Fault {
  const code = body?.code !== undefined && body.code in statuses ? body.code : "UNKNOWN";
  return new Fault(code, body?.message ?? "the registry gave no reason", body?.detail);
}
