import { type Policy, policy } from "../../core/records.ts";

/** The policy record that a {@link PolicyRef}'s manifest artifact holds. */
export function readManifest(bytes: Uint8Array): Policy {
	return policy.parse(JSON.parse(new TextDecoder().decode(bytes)));
}
