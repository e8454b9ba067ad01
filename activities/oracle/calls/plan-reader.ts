import { DnoError } from "../../../core/errors.ts";
import { type JudgeCall, judgeCall } from "../../../core/judge-calls.ts";
import type { ArtifactRef } from "../../../core/records.ts";
import type { Store } from "../../store/store.ts";

/** Plans kept in memory: those of the chunks that are in flight, for each of a panel's judges. */
const KEPT = 8;

/** Reads single calls of plans; of the plans only the last few are kept, as text. */
export function createPlanReader(store: Store): (calls: ArtifactRef, index: number) => Promise<JudgeCall> {
	const recent = new Map<string, Promise<readonly string[]>>();

	const read = async (ref: ArtifactRef) => new TextDecoder().decode(await store.get(ref)).split("\n");

	const linesOf = (ref: ArtifactRef): Promise<readonly string[]> => {
		const lines = recent.get(ref.sha256) ?? read(ref);
		recent.delete(ref.sha256);
		recent.set(ref.sha256, lines);
		lines.catch(() => recent.delete(ref.sha256));
		if (recent.size > KEPT) recent.delete(recent.keys().next().value!);
		return lines;
	};

	return async (ref, index) => {
		const line = (await linesOf(ref))[index];
		const parsed = judgeCall.safeParse(line ? JSON.parse(line) : undefined);
		if (parsed.success) return parsed.data;
		throw new DnoError({
			what: `a planned call is not what this version reads: ${parsed.error.issues[0]?.message}`,
			where: `${ref.sha256}:${index + 1}`,
			got: line,
			mend: "Run the campaign with the version of dno that began it",
		});
	};
}
