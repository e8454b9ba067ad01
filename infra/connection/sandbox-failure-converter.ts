import { DefaultFailureConverter } from "@temporalio/common";

/** What a bundle of workflows begins with where payloads are encrypted: the sandbox has no environment to look into. */
export const ENCODE_FAILURES = "globalThis.dnoEncodesFailures = true; ";

const { dnoEncodesFailures = false } = globalThis as { readonly dnoEncodesFailures?: boolean };

/** Goes into every bundle. Does as failure-converter.ts where payloads are encrypted; elsewhere texts stay readable. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: dnoEncodesFailures });
