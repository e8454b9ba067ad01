import type { CampaignConfig } from "../../core/config.ts";
import { isProgram } from "../../core/oracle-config.ts";
import type { CandidateGroup } from "../../core/records.ts";
import type { IterationRecord } from "../../core/steps.ts";
import { figuresOf, type TrustFigures } from "../../core/trust.ts";
import { familiesOf, type JudgeFamilies, mergeTallies, type TrustTally, tallyTrust } from "../../core/trust-tally.ts";
import { untilWorkerStops } from "../long-step.ts";
import { readJudged } from "../oracle/candidates.ts";
import { durableStep } from "../store/durable-step.ts";
import type { Store } from "../store/store.ts";

type Judged = NonNullable<IterationRecord["judged"]>[number];

/** Model families of who judges and who answers, as far as the config names them. */
interface Families {
	readonly judges: JudgeFamilies;
	readonly student?: string | undefined;
	readonly teacher?: string | undefined;
}

/**
 * How far a campaign's oracle can be trusted, by all its verdicts on DNO's candidates so far; none where it is a program. Each
 * iteration is counted once: what it adds is kept as a step's result, so that a report reads new verdicts alone.
 */
export async function campaignTrust(
	store: Store,
	records: readonly IterationRecord[],
	{ oracle, policy, prompts }: Pick<CampaignConfig, "oracle" | "policy" | "prompts">,
): Promise<TrustFigures[]> {
	if (isProgram(oracle)) return [];
	const families = { judges: familiesOf(oracle), student: policy.family, teacher: prompts.teacherFamily };
	const tallies: TrustTally[][] = [];
	for (const judged of records.flatMap((record) => record.judged ?? []))
		tallies.push(await durableStep(store, "trust", { judged, families }, () => tally(store, judged, families)));
	return mergeTallies(tallies).map(figuresOf);
}

/** Part by part: verdicts with all that was asked are large. */
async function tally(store: Store, { candidates, verdicts }: Judged, families: Families): Promise<TrustTally[]> {
	const tallies: TrustTally[][] = [];
	for await (const part of untilWorkerStops(readJudged(store, candidates, verdicts))) {
		const items = part.verdicts.map((verdict, i) => ({ verdict, candidates: authored(part.groups[i]!, families) }));
		tallies.push(tallyTrust(items, families.judges));
	}
	return mergeTallies(tallies);
}

function authored({ responses }: CandidateGroup, { student, teacher }: Families) {
	return responses.map(({ text, source }) => ({ text, family: source === "teacher" ? teacher : student }));
}
