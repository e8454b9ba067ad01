import { DefaultFailureConverter } from "@temporalio/common";

/** Puts texts and stacks of failures into payloads, which the codec encrypts; Temporal loads this file by its path. */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
