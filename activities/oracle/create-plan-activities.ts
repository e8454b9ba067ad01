import type { CallFailure, JudgeCall } from "../../core/judge-calls.ts";
import type {
	CallPlan,
	CollectJob,
	JudgeJob,
	JudgeResult,
	PlanJob,
	PlannedCalls,
	PlannedRepair,
} from "../../core/judging-steps.ts";
import { judgeName, modelJudges } from "../../core/oracle-config.ts";
import type { Verdict } from "../../core/records.ts";
import { SCHEMA_VERSION } from "../../core/records.ts";
import { withHeartbeats } from "../progress.ts";
import { putArtifact } from "../store/durable-step.ts";
import { toJsonLines } from "../store/json-lines.ts";
import { activityOfRun } from "./calls/attempts.ts";
import { estimateTokens } from "./calls/price.ts";
import { findJudged, judgedOnce, type Question, readQuestions, readVerdicts } from "./chunk.ts";
import type { JudgeDependencies } from "./dependencies.ts";
import type { Known, Outcome } from "./judges/judge.ts";
import type { ModelOracle } from "./judges/model-oracle.ts";
import { openOracle } from "./open-oracle.ts";

/** Plans the calls of model judges and puts what they said together: bookkeeping that pays for nothing. */
export function createPlanActivities(dependencies: JudgeDependencies, countJudged: (job: JudgeJob) => void) {
	const { store, verdicts, ledger } = dependencies;

	const open = async (job: PlanJob) => {
		const { config, judge } = await openOracle(dependencies, job.oracle);
		if (judge === undefined) throw new Error("calls are for models; a program judges by judgeChunk");
		const paced = modelJudges(config).filter(({ tokensPerMinute }) => tokensPerMinute !== undefined);
		return { judge, paced: new Set(paced.map(judgeName)) };
	};

	/** What is known of a chunk's questions, and the calls that are still to be made. */
	const review = async (judge: ModelOracle, job: PlanJob) => {
		const earlier = await findJudged(store, judge.fingerprint, job);
		const known = createKnowledge(job.failures, earlier === undefined ? [] : await readVerdicts(store, earlier));
		const questions = await readQuestions(store, job);
		const calls: JudgeCall[] = [];
		// Verdicts that stand are not asked for again, whatever has become of the verdict store.
		if (earlier?.unjudged === 0) return { known, questions, calls };
		for (const { group, comparisons } of questions) {
			// What the store knows may open a schedule's next round, which it may know as well.
			for (;;) {
				const wanted = judge.calls(group, comparisons, known.of);
				const found = await Promise.all(wanted.map(({ key }) => verdicts.find(key)));
				const isNew = found.some((reply) => reply !== undefined);
				for (const reply of found) if (reply !== undefined) known.add(reply.key, reply.reading, reply.cost);
				if (isNew) continue;
				calls.push(...wanted);
				break;
			}
		}
		return { known, questions, calls: onceEach(calls) };
	};

	return {
		/** The calls that a chunk needs next; none when its verdicts can be given. */
		async planCalls(job: PlanJob): Promise<CallPlan> {
			return withHeartbeats(async () => {
				const { judge, paced } = await open(job);
				const { known, calls } = await review(judge, job);
				const sorted = calls.toSorted((a, b) => (a.judge < b.judge ? -1 : Number(a.judge > b.judge)));
				const repairs = repairsOf(job, sorted);
				return {
					calls: await putArtifact(
						store,
						"plan-calls",
						{ oracle: judge.fingerprint, job: chunkOf(job) },
						toJsonLines(sorted),
					),
					count: sorted.length,
					judges: partsOf(sorted, paced),
					known: known.answered(),
					...(repairs.length > 0 && { repairs }),
				};
			});
		},

		/** The verdicts of a chunk, one a prompt, once no call is left to make. */
		async collectVerdicts(job: CollectJob): Promise<JudgeResult> {
			const result = await withHeartbeats(async () => {
				const { judge } = await open(job);
				return judgedOnce(store, judge.fingerprint, job, async (put) => {
					const { known, questions } = await review(judge, job);
					const given = questions.map(({ group, comparisons }: Question) =>
						judge.verdict(group, comparisons, known.of),
					);
					const { iteration, line, stage } = job;
					const repeated = Math.max(0, known.count() - job.made.judged);
					if (repeated > 0) {
						const cost = Math.max(0, known.cost() - job.made.cost);
						const place = { iteration, line, stage, judge: judge.name };
						const at = new Date().toISOString();
						await ledger.append({
							schemaVersion: SCHEMA_VERSION,
							at,
							kind: "repeated",
							...place,
							call: activityOfRun(),
							count: repeated,
							cost,
						});
					}
					return {
						verdicts: await put(toJsonLines(given)),
						unjudged: given.filter(isUnjudged).length,
						seconds: 0,
					};
				});
			});
			countJudged(job);
			return result;
		},
	};
}

/** Whether something of a verdict could not be asked, so that it is worth trying again. */
function isUnjudged(verdict: Verdict): boolean {
	return verdict.kind === "unjudged" || (verdict.asked ?? []).some(({ outcome }) => outcome.kind === "unjudged");
}

function createKnowledge(failures: readonly CallFailure[], earlier: readonly Verdict[]) {
	const outcomes = new Map<string, Outcome>();
	const costs = new Map<string, number>();
	// Invalid replies are paid for as well, and asking again would bring nothing better.
	for (const { key, outcome } of earlier.flatMap(({ asked = [] }) => asked)) {
		if (outcome.kind !== "unjudged") outcomes.set(key, outcome);
	}
	for (const { key, ...outcome } of failures) outcomes.set(key, outcome);
	const of: Known = (key) => outcomes.get(key);
	return {
		of,
		add(key: string, outcome: Outcome, cost: number): void {
			outcomes.set(key, outcome);
			costs.set(key, cost);
		},
		/** Questions that a judge has answered, in this run or before: a verdict's own record may know more than the verdict store. */
		answered: () => [...outcomes.values()].filter(({ kind }) => kind !== "unjudged").length,
		/** Judgments found in the verdict store, and what they had cost. */
		count: () => costs.size,
		cost: () => [...costs.values()].reduce((sum, cost) => sum + cost, 0),
	};
}

/** Two prompts of a chunk may be the same one with the same candidates. */
function onceEach(calls: readonly JudgeCall[]): JudgeCall[] {
	return [...new Map(calls.map((call) => [call.key, call])).values()];
}

/**
 * Each judge's stretch of the calls, which are sorted by judge.
 *
 * @param paced judges that have a limit of tokens
 */
function partsOf(calls: readonly JudgeCall[], paced: ReadonlySet<string>): PlannedCalls[] {
	const judges = [...new Set(calls.map(({ judge }) => judge))];
	return judges.map((judge) => {
		const from = calls.findIndex((call) => call.judge === judge);
		const own = calls.filter((call) => call.judge === judge);
		const tokens = () => own.map((call) => estimateTokens(call).input + call.maxTokens);
		return { judge, from, to: from + own.length, ...(paced.has(judge) && { tokens: tokens() }) };
	});
}

/** What the job knows of the calls' first turns. */
function repairsOf({ repairs = [] }: PlanJob, calls: readonly JudgeCall[]): PlannedRepair[] {
	const known = new Map(repairs.map((repair) => [repair.key, repair]));
	return calls.flatMap(({ key }, index) => {
		const repair = known.get(key);
		return repair === undefined ? [] : [{ ...repair, index }];
	});
}

function chunkOf({ candidates, from, to, stage }: PlanJob) {
	return { candidates, from, to, stage };
}
