import type { ArtifactRef } from "../../core/records.ts";

/** All references in a value, each with the key it stands under. */
export function* refsIn(value: unknown, key = ""): Generator<{ readonly key: string; readonly ref: ArtifactRef }> {
	if (typeof value !== "object" || value === null) return;
	if ("sha256" in value && "bytes" in value) yield { key, ref: value as ArtifactRef };
	else for (const [name, inner] of Object.entries(value)) yield* refsIn(inner, name);
}
