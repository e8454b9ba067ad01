import { Context } from "@temporalio/activity";
import { readConfig } from "../activities/datasets/read-config.ts";
import { reportProgress } from "../activities/progress.ts";
import { durableStep } from "../activities/store/durable-step.ts";
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
import type { SampledResponse } from "./engine.ts";
import type { Tokenizer } from "./formats/tokenizer.ts";
import { materialisePolicy } from "./policies.ts";
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
export function createSamplingActivities({ store, emit, engine, policies }: GpuDependencies) {
	return {
		/** Draws the candidates of prompts [from, to): the policy's samples, then the teacher's answer or answers. */
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
			return durableStep(store, "sample", inputs, async (put) => {
				const start = performance.now();
				const folder = await materialisePolicy(store, policies, policy);
				const { tokenizer, encodePrompt, endOfResponse } = openPromptFormat(folder, config.prompts.format);
				const slice = (await readJsonLines(store, prompts.ref, promptSchema)).slice(from, to);
				const requests = slice.map((p) => ({
					promptTokens: encodePrompt(p.prompt),
					seeds: Array.from({ length: count }, (_, k) => hashSeed(seed, stream, p.id, k)),
				}));
				let sampled: SampledResponse[][] = slice.map(() => []);
				if (count > 0) {
					const sampler = await engine.openSampler(folder, weights);
					try {
						const total = prompts.count * count;
						sampled = await sampler.sample(requests, settings, {
							onProgress: (done, _, tokens) => progress(from * count + done, total, tokens),
							signal: Context.current().cancellationSignal,
						});
					} finally {
						await sampler.dispose();
					}
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
		},
	};
}

function studentResponse(p: Prompt, index: number, r: SampledResponse, seed: number, tokenizer: Tokenizer): Response {
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
