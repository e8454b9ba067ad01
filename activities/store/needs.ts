import { refsIn } from "./references.ts";
import type { Lineage } from "./store.ts";
import { type FoundStep, makerOf } from "./survey.ts";

/** Why an artifact has to be in a store. */
export interface Need {
	/** The step that something was made from it in; absent where steps only name it as what they made. */
	madeInto?: string;
	/** The campaigns that need it, as far as anything says so. */
	readonly users: Set<string>;
}

/**
 * The artifacts that steps' records and artifacts' lineages name, by sha256. What was stored is named only afterwards, so that
 * no kill leaves a name without its artifact.
 */
export function needsOf(steps: readonly FoundStep[], lineages: readonly Lineage[]): Map<string, Need> {
	const needs = new Map<string, Need>();
	const need = (value: unknown, users: readonly string[], madeInto?: string) => {
		for (const { ref } of refsIn(value)) {
			const found: Need = needs.get(ref.sha256) ?? { users: new Set() };
			for (const user of users) found.users.add(user);
			if (madeInto !== undefined) found.madeInto ??= madeInto;
			needs.set(ref.sha256, found);
		}
	};
	for (const { record, users } of steps) {
		need(record?.inputs, users, record?.name);
		need(record?.result, users);
	}
	for (const lineage of lineages) {
		const maker = makerOf(lineage);
		need(lineage.inputs, maker === undefined ? [] : [maker], lineage.step);
	}
	return needs;
}
