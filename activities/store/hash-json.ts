import { createHash } from "node:crypto";
import { canonicalJson } from "../../core/canonical-json.ts";

/** sha256 of a JSON value, the same for equal values, in lower-case hex. */
export function hashJson(value: unknown): string {
	return createHash("sha256").update(canonicalJson(value)).digest("hex");
}
