import { DnoError } from "../../../core/errors.ts";
import type { JudgeCall } from "../../../core/judge-calls.ts";
import { type ArtifactRef, SCHEMA_VERSION } from "../../../core/records.ts";
import { keepRecentlyUsed } from "../../recently-used.ts";
import type { Store } from "../../store/store.ts";

/** Plans kept in memory: those of the chunks that are in flight, for each of a panel's judges. */
const KEPT = 8;

/** Reads single calls of plans; of the plans only the last few are kept, as text. */
export function createPlanReader(store: Store): (calls: ArtifactRef, index: number) => Promise<JudgeCall> {
	const keepLines = keepRecentlyUsed<readonly string[]>(KEPT);

	const read = async (ref: ArtifactRef) => new TextDecoder().decode(await store.get(ref)).split("\n");

	return async (ref, index) => {
		const line = (await keepLines(ref.sha256, () => read(ref)))[index];
		const call: JudgeCall | undefined = line ? JSON.parse(line) : undefined;
		// Its bytes are those that a plan's activity wrote, as the store has checked: what is left to ask is of which version.
		if (call?.schemaVersion === SCHEMA_VERSION) return call;
		throw new DnoError({
			what: "a planned call is not what this version reads",
			where: `${ref.sha256}:${index + 1}`,
			got: line,
			mend: "Run the campaign with the version of dno that began it",
		});
	};
}
