import { readPrompts } from "../activities/datasets/read-prompts.ts";
import { evaluationComparisons } from "../activities/evaluation/evaluate.ts";
import { costOf, estimateTokens } from "../activities/oracle/calls/price.ts";
import type { Comparisons } from "../activities/oracle/judges/judge.ts";
import type { ModelOracle } from "../activities/oracle/judges/model-oracle.ts";
import { openModelOracle } from "../activities/oracle/open-oracle.ts";
import type { CampaignConfig } from "../core/config.ts";
import type { JudgingForecast } from "../core/events.ts";
import { expectedCalls } from "../core/expected-calls.ts";
import type { JudgeCall } from "../core/judge-calls.ts";
import { isProgram, judgeName, modelJudges } from "../core/oracle-config.ts";
import { type CandidateGroup, type Prompt, type Response, SCHEMA_VERSION } from "../core/records.ts";
import type { PlanCounts } from "./plan.ts";
import { policyCount } from "./plan.ts";

/** Prompts that stand for all: calls are written for them as they will be, with the teacher's answers in the policy's place. */
const SAMPLE = 20;
/** Tokens of a reply: a justification for each candidate of a list, a sentence otherwise, a letter. */
const JUSTIFICATION_TOKENS = 80;
const SENTENCE_TOKENS = 60;

/**
 * What judging will ask of models and what that costs, before repairs and retries, and without what the verdict store
 * has; undefined where a program judges.
 *
 * @param config with absolute paths
 */
export async function forecastJudging(
	config: CampaignConfig,
	counts: PlanCounts,
): Promise<JudgingForecast | undefined> {
	const { oracle, sampling, evaluation, baselines } = config;
	if (isProgram(oracle)) return undefined;
	const judge = await openModelOracle(oracle, "/");
	const train = (await readPrompts(config.prompts.train)).slice(0, SAMPLE);
	const heldOut = (await readPrompts(config.prompts.heldOut)).slice(0, SAMPLE);
	const { samples } = evaluation;
	const all = (): Comparisons => "all";
	const against = (group: CandidateGroup) => evaluationComparisons(group, samples);
	const isOffline = baselines.offlineDpo !== undefined || baselines.offlineKto !== undefined;
	const answered = train.filter(({ answers }) => answers !== undefined);
	const answers = Math.max(0, ...answered.map((prompt) => prompt.answers!.length));
	const evaluated = policyCount(config) * (counts.heldOutPrompts + counts.validationPrompts);
	const parts = [
		partOf(judge, config, train, { own: sampling.samples, others: 0 }, all, counts.trainPrompts),
		partOf(judge, config, heldOut, { own: samples, others: samples }, against, evaluated),
		...(isOffline && answers > 0
			? [partOf(judge, config, answered, { own: answers - 1, others: 0 }, all, counts.trainPrompts)]
			: []),
	];
	return parts.reduce((a, b) => ({
		calls: a.calls + b.calls,
		inputTokens: a.inputTokens + b.inputTokens,
		outputTokens: a.outputTokens + b.outputTokens,
		cost: a.cost + b.cost,
		costAtMost: a.costAtMost + b.costAtMost,
	}));
}

/** @param prompts how many there are in all */
function partOf(
	judge: ModelOracle,
	{ oracle }: CampaignConfig,
	sample: readonly Prompt[],
	{ own, others }: { readonly own: number; readonly others: number },
	comparisonsOf: (group: CandidateGroup) => Comparisons,
	prompts: number,
): JudgingForecast {
	const total = { calls: 0, inputTokens: 0, outputTokens: 0, cost: 0, costAtMost: 0 };
	for (const prompt of sample) {
		const group = standIn(prompt, own, others);
		const comparisons = comparisonsOf(group);
		const calls = judge.calls(group, comparisons, () => undefined);
		for (const settings of modelJudges(oracle)) {
			const name = judgeName(settings);
			const first = calls.filter((call) => call.judge === name);
			const count = expectedCalls(settings, group.responses.length, comparisons);
			// A schedule's later rounds ask like the first.
			const scale = (count / first.length) * (prompts / sample.length);
			const factor = settings.mode === "batch" ? settings.batch.priceFactor : 1;
			for (const call of first) {
				const { input, output: most } = estimateTokens(call);
				const output = Math.min(most, replyTokens(call));
				const usage = { input, cachedInput: 0, output };
				total.calls += scale;
				total.inputTokens += scale * input;
				total.outputTokens += scale * output;
				total.cost += scale * costOf(usage, settings.price, factor);
				total.costAtMost += scale * costOf({ ...usage, output: most }, settings.price, factor);
			}
		}
	}
	return total;
}

function replyTokens({ reply }: JudgeCall): number {
	if (reply.kind === "scores") return reply.ids.length * JUSTIFICATION_TOKENS;
	return reply.kind === "choice" && reply.from === "log-probabilities" ? 1 : SENTENCE_TOKENS;
}

/** A prompt with candidates as long as the teacher's answer, all different. */
function standIn({ id, prompt, gold }: Prompt, own: number, others: number): CandidateGroup {
	const response = (source: Response["source"], index: number, text: string): Response => ({
		schemaVersion: SCHEMA_VERSION,
		promptId: id,
		index,
		source,
		text,
		tokens: [index],
		finishReason: "stop",
	});
	const students = (count: number, from: number) =>
		Array.from({ length: count }, (_, k) => response("student", k, `${gold} (${from + k + 1})`));
	const responses = [...students(own, 0), response("teacher", 0, gold), ...students(others, own)];
	return { schemaVersion: SCHEMA_VERSION, promptId: id, prompt, promptTokens: [], responses };
}
