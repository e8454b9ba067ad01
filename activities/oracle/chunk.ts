import type { JudgeJob, JudgeResult } from "../../core/judging-steps.ts";
import type { CandidateGroup, Verdict } from "../../core/records.ts";
import { verdict as verdictSchema } from "../../core/records.ts";
import { evaluationComparisons } from "../evaluation/evaluate.ts";
import { keepRecentlyUsed } from "../recently-used.ts";
import { durableStep, findStep, type Put } from "../store/durable-step.ts";
import { readJsonLines } from "../store/json-lines.ts";
import type { Store } from "../store/store.ts";
import { mergeCandidates, readCandidates } from "./candidates.ts";
import type { Comparisons } from "./judges/judge.ts";

/** One prompt of a chunk: its candidates and which of them are compared. */
export interface Question {
	readonly group: CandidateGroup;
	readonly comparisons: Comparisons;
}

/** Chunks kept: those in flight, which are planned, planned again and put together. */
const KEPT = 4;
const keepQuestions = keepRecentlyUsed<Question[]>(KEPT);

/** The prompts [from, to) of a job, all candidate sets' responses side by side. Not to be changed: others share them. */
export function readQuestions(store: Store, job: JudgeJob): Promise<Question[]> {
	const { candidates, from, to, stage } = job;
	// By content, so what is kept cannot be out of date.
	return keepQuestions(JSON.stringify({ candidates, from, to, stage }), () => makeQuestions(store, job));
}

async function makeQuestions(store: Store, { candidates, from, to, stage }: JudgeJob): Promise<Question[]> {
	const sets = await Promise.all(candidates.map((set) => readCandidates(store, set, from, to)));
	const own = sets[0]!;
	return mergeCandidates(sets).map((group, i) => {
		if (stage === "rank") return { group, comparisons: "all" };
		const samples = own[i]!.responses.filter(({ source }) => source === "student").length;
		return { group, comparisons: evaluationComparisons(group, samples) };
	});
}

/**
 * Judges a chunk once for given candidates and oracle: verdicts of an earlier run are kept; what it left unjudged is tried
 * again, since the oracle's bad hour must not be the prompt's verdict for ever.
 */
export async function judgedOnce(
	store: Store,
	fingerprint: string,
	job: JudgeJob,
	run: (put: Put, before: JudgeResult | undefined) => Promise<JudgeResult>,
): Promise<JudgeResult> {
	return durableStep(store, STEP, inputsOf(fingerprint, job), run, ({ unjudged }) => unjudged === 0);
}

/** The chunk's result of an earlier run, complete or not. */
export function findJudged(store: Store, fingerprint: string, job: JudgeJob): Promise<JudgeResult | undefined> {
	return findStep<JudgeResult>(store, STEP, inputsOf(fingerprint, job));
}

/** The verdicts of a result, in the order of the prompts. */
export function readVerdicts(store: Store, result: JudgeResult): Promise<Verdict[]> {
	return readJsonLines(store, result.verdicts, verdictSchema);
}

const STEP = "judge";

function inputsOf(oracle: string, { candidates, from, to, stage }: JudgeJob) {
	return { oracle, candidates, from, to, stage };
}
