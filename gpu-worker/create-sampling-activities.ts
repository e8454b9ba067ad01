import { join } from "node:path";
import { Context } from "@temporalio/activity";
import { readConfig } from "../activities/datasets/read-config.ts";
import { reportProgress, withHeartbeats } from "../activities/progress.ts";
import { durableStep } from "../activities/store/durable-step.ts";
import { hashJson } from "../activities/store/hash-json.ts";
import { readJsonLines, toJsonLines } from "../activities/store/json-lines.ts";
import type { CampaignConfig } from "../core/config.ts";
import { hashSeed } from "../core/random.ts";
import {
	type CandidateGroup,
	type Prompt,
	prompt as promptSchema,
	type Response,
	SCHEMA_VERSION,
} from "../core/records.ts";
import type { SampleJob, SampleResult } from "../core/steps.ts";
import type { GpuDependencies } from "./dependencies.ts";
import { encodeAnswer } from "./encode-answer.ts";
import type { SampleOptions, SampleRequest, Sampler, SamplingSettings } from "./engine.ts";
import { FinishedPrompts, type KeptResponse } from "./finished-prompts.ts";
import type { Tokenizer } from "./formats/tokenizer.ts";
import { openPolicy } from "./policy-cache.ts";
import { openPromptFormat } from "./prompt-format.ts";

/** How many responses are drawn, and how; what ends a response is the same for an evaluation as for training. */
function settingsOf({ sampling, evaluation }: CampaignConfig, purpose: SampleJob["purpose"]) {
	if (purpose !== "evaluation") return sampling;
	const { samples, temperature, topP, weights } = evaluation;
	const { maxTokens, stop, repetition } = sampling;
	return {
		...{ samples, temperature, topP, maxTokens, weights },
		...(stop !== undefined && { stop }),
		...(repetition !== undefined && { repetition }),
	};
}

/** Sampling, on the host where the policy is loaded. */
export function createSamplingActivities({ store, emit, engine, policies, cache, work, loaded }: GpuDependencies) {
	const places = { store, policies, ...(cache && { cache }) };
	return {
		/**
		 * Draws the candidates of prompts [from, to): the policy's samples, then the teacher's answer or answers. What a step
		 * that was killed or cancelled has finished is not drawn again.
		 */
		async sampleCandidates(job: SampleJob): Promise<SampleResult> {
			const progress = reportProgress(emit, job, "sample", "responses");
			const config = await readConfig(store, job.config);
			const { seed } = config;
			const { purpose, iteration, policy, prompts, from, to } = job;
			const { samples, weights, ...settings } = settingsOf(config, purpose);
			const count = purpose === "answers" ? 0 : samples;
			// Every policy is evaluated with the same seeds: differences between policies are then less noisy.
			const stream = purpose === "evaluation" ? "evaluation" : `training-${iteration}`;
			const inputs = {
				engine: engine.fingerprint,
				...(count > 0 && { seed, stream, ...settings }),
				maxTokens: settings.maxTokens,
				// What is at its default is left out, so that it does not change the key of a step.
				...(config.prompts.format !== "chat" && { format: config.prompts.format }),
				...(count > 0 && weights !== "float32" && { weights }),
				policy: policy.manifest,
				prompts: prompts.ref,
				...{ purpose, count, from, to },
			};
			using finished = new FinishedPrompts(join(work, `sample-${hashJson(inputs)}.jsonl`));
			const result = await durableStep(store, "sample", inputs, async (put) => {
				const start = performance.now();
				// Gigabytes may come from a bucket.
				const folder = await withHeartbeats(() => openPolicy(places, policy, "all but weights"));
				const { tokenizer, encodePrompt, endOfResponse } = openPromptFormat(folder, config.prompts.format);
				const slice = await readJsonLines(store, prompts.ref, promptSchema, from, to);
				const requests = slice.map((p) => ({
					promptTokens: encodePrompt(p.prompt),
					seeds: Array.from({ length: count }, (_, k) => hashSeed(seed, stream, p.id, k)),
				}));
				let sampled: (readonly KeptResponse[])[] = slice.map(() => []);
				if (count > 0) {
					const total = prompts.count * count;
					const open = () => withHeartbeats(() => openPolicy(places, policy));
					sampled = await loaded.use(engine, { ...policy, weights, open }, (sampler) =>
						sampleMissing(sampler, finished, requests, settings, {
							onProgress: (done, _, tokens) => progress(from * count + done, total, tokens),
							signal: Context.current().cancellationSignal,
						}),
					);
				}
				const groups = slice.map((p, i): CandidateGroup => {
					const { promptTokens, seeds } = requests[i]!;
					const own = sampled[i]!.map((r, k) => studentResponse(p, k, r, seeds[k]!, tokenizer));
					const answers = purpose === "answers" ? (p.answers ?? [p.gold]) : [p.gold];
					const teacher = answers.map((text, k) => teacherResponse(p, k, text, tokenizer, endOfResponse));
					return {
						schemaVersion: SCHEMA_VERSION,
						promptId: p.id,
						prompt: p.prompt,
						promptTokens,
						responses: [...own, ...teacher],
						...(p.meta !== undefined && { meta: p.meta }),
					};
				});
				return { candidates: await put(toJsonLines(groups)), seconds: (performance.now() - start) / 1000 };
			});
			finished.remove();
			return result;
		},
	};
}

/** Samples what is not finished yet. A response depends on its seed alone, so the others need not be drawn beside it. */
async function sampleMissing(
	sampler: Sampler,
	finished: FinishedPrompts,
	requests: readonly SampleRequest[],
	settings: SamplingSettings,
	{ onProgress, signal }: Pick<SampleOptions, "onProgress" | "signal">,
): Promise<(readonly KeptResponse[])[]> {
	const found = finished.read();
	const missing = requests.flatMap((_, i) => (found.has(i) ? [] : [i]));
	const before = requests.reduce((sum, { seeds }, i) => sum + (found.has(i) ? seeds.length : 0), 0);
	try {
		const drawn = await sampler.sample(
			missing.map((i) => requests[i]!),
			settings,
			{
				onProgress: (done, total, tokens) => onProgress?.(before + done, before + total, tokens),
				onFinished: (i, responses) => finished.add(missing[i]!, responses),
				...(signal && { signal }),
			},
		);
		for (const [i, responses] of drawn.entries()) found.set(missing[i]!, responses);
	} finally {
		finished.flush();
	}
	return requests.map((_, i) => found.get(i)!);
}

function studentResponse(p: Prompt, index: number, r: KeptResponse, seed: number, tokenizer: Tokenizer): Response {
	return {
		schemaVersion: SCHEMA_VERSION,
		promptId: p.id,
		index,
		source: "student",
		text: tokenizer.decode(r.tokens),
		tokens: r.tokens,
		finishReason: r.finishReason,
		logProbability: r.logProbability,
		seed,
	};
}

function teacherResponse(
	p: Prompt,
	index: number,
	text: string,
	tokenizer: Tokenizer,
	endOfResponse: number,
): Response {
	const tokens = encodeAnswer(tokenizer, text, `prompt ${p.id}`);
	return {
		schemaVersion: SCHEMA_VERSION,
		promptId: p.id,
		index,
		source: "teacher",
		text,
		tokens: [...tokens, endOfResponse],
		finishReason: "stop",
	};
}
